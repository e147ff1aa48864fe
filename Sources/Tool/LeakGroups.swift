/// Lost objects that are alike: of one size class, and of like content. What is in an object is shown on request alone;
/// what kind of content it is says no more than that.
///
///     first word points into a loaded file    as C++ objects with virtual functions do: a group for each place
///     first word points to an object
///     first bytes are text, or zeros, or neither
struct LeakGroups {
  struct Lost {
    let address: UInt
    let bytes: UInt
    let isDirect: Bool
    /// 0 of large objects.
    let slotSize: UInt
  }

  struct Group {
    let slotSize: UInt
    let content: Content
    var bytes: UInt = 0
    var count = 0
    var direct = 0
    /// The first objects, direct ones before others.
    var examples: [Lost] = []
    /// The first bytes of the first example.
    var firstBytes: [UInt8] = []
  }

  enum Content: Hashable {
    case zeros
    case text
    case other
    case object
    case file(String, offset: UInt)

    var word: String {
      switch self {
      case .zeros: "zeros"
      case .text: "text"
      case .other: "data"
      case .object: "pointer to an object"
      case .file(let path, _): "pointer into " + path.split(separator: "/").last.map { String($0) }.orNothing
      }
    }
  }

  private struct Key: Hashable {
    let slotSize: UInt
    let content: Content
  }

  private(set) var groups: [Group] = []

  static let examples = 3
  private static let contentBytes = 16

  /// - Parameter lost: by address.
  init(_ lost: [Lost], _ source: any Source, _ objects: LiveObjects) throws(ToolError) {
    let images = try source.images().sorted { $0.base < $1.base }
    let files = try source.regions().filter { $0.path.first == "/" }.sorted {
      $0.range.lowerBound < $1.range.lowerBound
    }
    var places: [Key: Int] = [:]
    for object in lost {
      let bytes = Self.firstBytes(of: object, source)
      let content = Self.content(bytes, objects, files, images)
      let key = Key(slotSize: object.slotSize, content: content)
      let place = places[key] ?? groups.count
      if place == groups.count {
        places[key] = place
        groups.append(Group(slotSize: object.slotSize, content: content))
      }
      groups[place].add(object, bytes)
    }
    groups.sort { ($1.bytes, $0.slotSize, $0.examples[0].address) < ($0.bytes, $1.slotSize, $1.examples[0].address) }
  }

  private static func firstBytes(of object: Lost, _ source: any Source) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(contentBytes, Int(object.bytes)))
    let isThere = bytes.withUnsafeMutableBytes { source.read(object.address, into: $0) }
    return isThere ? bytes : []
  }

  private static func content(_ bytes: [UInt8], _ objects: LiveObjects, _ files: [Region], _ images: [Image]) -> Content
  {
    guard bytes.contains(where: { $0 != 0 }) else { return .zeros }
    let text = bytes.prefix { $0 >= 32 && $0 < 127 }.count
    if text == bytes.count || text >= 4 && bytes[text] == 0 { return .text }
    guard bytes.count >= 8 else { return .other }
    let word = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt.self) }
    if objects.block(around: word) != nil { return .object }
    var (low, high) = (0, files.count)
    while low < high {
      let middle = (low + high) / 2
      if files[middle].range.lowerBound <= word { low = middle + 1 } else { high = middle }
    }
    guard low > 0, files[low - 1].range.contains(word) else { return .other }
    let path = files[low - 1].path
    let base = images.last { $0.path == path && $0.base <= word }?.base ?? files[low - 1].range.lowerBound
    return .file(path, offset: word - base)
  }
}

extension LeakGroups.Group {
  fileprivate mutating func add(_ object: LeakGroups.Lost, _ first: [UInt8]) {
    bytes += object.bytes
    count += 1
    if object.isDirect { direct += 1 }
    // A direct one takes the place of one that is not.
    if examples.count == LeakGroups.examples, object.isDirect, let place = examples.firstIndex(where: { !$0.isDirect })
    {
      examples.remove(at: place)
    }
    guard examples.count < LeakGroups.examples else { return }
    let place = object.isDirect ? examples.firstIndex { !$0.isDirect } ?? examples.count : examples.count
    examples.insert(object, at: place)
    if place == 0 { firstBytes = first }
  }

  /// The first bytes as text, other characters as dots.
  var shownBytes: String {
    String(decoding: firstBytes.map { $0 >= 32 && $0 < 127 ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
  }

  func line(showsContent: Bool) -> String {
    let name = slotSize == 0 ? "large" : "\(slotSize)"
    var text = column(bytes, 13) + column(count, 9) + column(direct, 8) + column(name, 11) + "  " + content.word
    if showsContent {
      if case .file(_, let offset) = content { text += "+\(hex(offset))" }
      text += " '\(shownBytes)'"
    }
    return text + "; " + examples.map { hex($0.address) }.joined(separator: " ") + "\n"
  }

  func json(showsContent: Bool) -> String {
    var text = "{\"bytes\":\(bytes),\"objects\":\(count),\"direct\":\(direct),"
    text += slotSize == 0 ? "\"large\":true" : "\"slot_bytes\":\(slotSize)"
    text += ",\"content\":\(Output.quoted(content.word))"
    if showsContent {
      if case .file(let path, let offset) = content {
        text += ",\"file\":\(Output.quoted(path)),\"offset\":\"\(hex(offset))\""
      }
      let digits = firstBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      text += ",\"first_bytes\":\"\(digits)\",\"first_text\":\(Output.quoted(shownBytes))"
    }
    return text + ",\"examples\":[" + examples.map { "\"\(hex($0.address))\"" }.joined(separator: ",") + "]}"
  }
}

extension Optional where Wrapped == String {
  fileprivate var orNothing: String { self ?? "" }
}
