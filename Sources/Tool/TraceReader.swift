import Glibc

/// Reads a trace, see `TraceKind`: the operations of a program, and what was live after each.
///
/// Memory: four bytes for each object that was ever allocated.
struct TraceReader {
  /// The bytes that were asked for and not freed.
  private var live: UInt = 0
  private(set) var operations: UInt = 0
  private var thread: UInt = 0
  private var operation: Operation?
  private let name: String
  private let bytes: UnsafeRawBufferPointer
  private var position = 9
  private var record = 0
  /// Bytes of each object, 0 once it is freed; those of giants stand apart.
  private var sizes: [UInt32] = []
  private var giants: [Int: UInt] = [:]
  /// What the operation before freed, and how many bytes it had: a misuse takes that back.
  private var freed: (object: Int, size: UInt)?
  /// The bytes of the object that the operation before allocated, unless it failed: that comes in a later record.
  private var pending: UInt?

  static let magic: [UInt8] = Array("slmtrace".utf8)

  enum Event {
    case change(Change)
    /// After its changes: later records tell whether it failed.
    case operation(Operation)
  }

  struct Operation {
    /// The first is 1.
    let number: UInt
    let thread: UInt
    /// Of `TraceKind`.
    let kind: UInt8
    /// Bytes that were asked for.
    var size: UInt = 0
    /// The number of the object that was made, and of that which was freed; the first is 1.
    var made: Int?
    var freed: Int?
    var isFailed = false
    var isMisuse = false
  }

  /// A change of the live bytes.
  struct Change {
    let size: UInt
    let isFree: Bool
    /// The live bytes after it.
    let live: UInt
    /// The number of the operation: the first is 1.
    let operation: UInt
  }

  static func isTrace(_ path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { return false }
    defer { close(file) }
    var start = [UInt8](repeating: 0, count: magic.count)
    return pread(file, &start, start.count, 0) == start.count && start == magic
  }

  /// - Parameter bytes: the whole file.
  init(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(ToolError) {
    self.name = name
    self.bytes = bytes
    guard bytes.count > Self.magic.count, bytes.prefix(Self.magic.count).elementsEqual(Self.magic) else {
      throw .unreadable("\(name) is no trace")
    }
    guard bytes[Self.magic.count] == TraceKind.version else {
      throw .unreadable("\(name) is a trace of another version of slabmalloc: \(bytes[Self.magic.count])")
    }
  }

  var isAtEnd: Bool { position >= bytes.count }

  /// Reads a record, and hands what it tells to the body.
  mutating func next(_ body: (Event) -> Void) throws(ToolError) {
    record = position
    let kind = try byte()
    if kind != TraceKind.failed, kind != TraceKind.misuse { settle(body) }
    switch kind {
    case 0: position = bytes.count
    case TraceKind.start, TraceKind.thread: thread = try number()
    case TraceKind.stop: break
    case TraceKind.malloc, TraceKind.calloc:
      begin(kind)
      try allocate(number())
    case TraceKind.aligned:
      begin(kind)
      _ = try number()
      try allocate(number())
    case TraceKind.realloc:
      begin(kind)
      let object = try pointer()
      let size = try number()
      free(object, body)
      allocate(size)
    case TraceKind.free:
      begin(kind)
      free(try pointer(), body)
    case TraceKind.failed:
      guard pending != nil else { throw damage("a failure after no allocation") }
      pending = nil
      operation?.isFailed = true
      operation?.made = nil
      sizes.removeLast()
      giants.removeValue(forKey: sizes.count)
      takeBack(body)
    case TraceKind.misuse:
      _ = try (number(), pointer())
      operation?.isMisuse = true
      takeBack(body)
    case TraceKind.refused: _ = try (number(), pointer())
    case TraceKind.end:
      _ = try (number(), number())
      guard isAtEnd else { throw damage("something follows the end") }
    default: throw damage("there is no record of kind \(kind)")
    }
  }

  /// The operation before is done.
  mutating func settle(_ body: (Event) -> Void) {
    if let size = pending { change(size, isFree: false, body) }
    pending = nil
    freed = nil
    if let operation { body(.operation(operation)) }
    operation = nil
  }

  private mutating func begin(_ kind: UInt8) {
    operations += 1
    operation = Operation(number: operations, thread: thread, kind: kind)
  }

  private mutating func allocate(_ size: UInt) {
    if size > UInt(UInt32.max) { giants[sizes.count] = size }
    sizes.append(UInt32(truncatingIfNeeded: size > UInt(UInt32.max) ? 0 : size))
    pending = size
    operation?.size = size
    operation?.made = sizes.count
  }

  private mutating func free(_ object: Int?, _ body: (Event) -> Void) {
    guard let object else { return }
    let size = giants.removeValue(forKey: object) ?? UInt(sizes[object])
    sizes[object] = 0
    freed = (object, size)
    operation?.freed = object + 1
    change(size, isFree: true, body)
  }

  /// The object of the operation before was not freed.
  private mutating func takeBack(_ body: (Event) -> Void) {
    guard let (object, size) = freed else { return }
    freed = nil
    operation?.freed = nil
    if size > UInt(UInt32.max) { giants[object] = size } else { sizes[object] = UInt32(size) }
    change(size, isFree: false, body)
  }

  private mutating func change(_ size: UInt, isFree: Bool, _ body: (Event) -> Void) {
    guard size > 0 else { return }
    live = isFree ? live &- size : live &+ size
    body(.change(Change(size: size, isFree: isFree, live: live, operation: operations)))
  }

  private mutating func byte() throws(ToolError) -> UInt8 {
    guard position < bytes.count else { throw damage("the file ends in it") }
    position += 1
    return bytes[position - 1]
  }

  private mutating func number() throws(ToolError) -> UInt {
    var number: UInt = 0
    for shift in stride(from: UInt(0), to: 70, by: 7) {
      let next = try byte()
      guard shift < 63 || next <= 1 else { break }
      number |= UInt(next & 127) << shift
      if next < 128 { return number }
    }
    throw damage("a number above 64 bits")
  }

  /// The object that a pointer leads to the start of; nil if none.
  private mutating func pointer() throws(ToolError) -> Int? {
    let first = try number()
    let age = first >> 1
    guard age <= UInt(sizes.count) else { throw damage("an object before the first one") }
    if first & 1 == 1 {
      _ = try number()
      return nil
    }
    return age == 0 ? nil : sizes.count - Int(age)
  }

  private func damage(_ what: String) -> ToolError {
    .unreadable("\(name) is damaged: the record at byte \(record): \(what)")
  }
}
