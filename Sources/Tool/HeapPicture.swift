/// The heap as a picture. Memory runs from left to right and on in the next row, to scale. Each run of pages is a box:
///
///     +----------+-----+------------------+----+
///     |####      |#####|##                |    |      ### live, in the colour of the size class
///     +----------+-----+------------------+----+
///      slab 40 %  full  large object       free
///
/// A box shows by its filled part how full it is. Between two stretches of address space a new row starts. A heap of
/// many pages gets smaller ones: a row has as many that there are some 150 rows at most.
struct HeapPicture {
  private let title: String
  private let runs: [RunFacts]
  private let rowBytes: UInt

  private static let width = 1200.0
  private static let rowHeight = 12.0
  private static let top = 96.0

  init(_ title: String, _ runs: [RunFacts]) {
    self.title = title
    self.runs = runs
    let bytes = runs.reduce(0) { $0 + $1.bytes }
    var rowBytes: UInt = 64 * PageRun.pageSize
    while bytes / rowBytes > 150 { rowBytes *= 2 }
    self.rowBytes = rowBytes
  }

  var svg: String {
    var (boxes, row, filled, end): ([String], Int, UInt, UInt) = ([], 0, 0, runs.first?.start ?? 0)
    for run in runs {
      // Another stretch of address space.
      if run.start != end, filled > 0 { (row, filled) = (row + 1, 0) }
      end = run.start + run.bytes
      var left = run.bytes
      while left > 0 {
        let part = min(left, rowBytes - filled)
        boxes.append(box(run, row, filled, part, from: run.bytes - left))
        left -= part
        filled += part
        if filled == rowBytes { (row, filled) = (row + 1, 0) }
      }
    }
    let height = Self.top + Double(filled > 0 ? row + 1 : row) * (Self.rowHeight + 2) + 16
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width) + 32) \(Int(height))" \
      font-family="sans-serif" font-size="12" stroke-width="0.4">
      <style>rect { stroke: #333 } text { stroke: none }</style>
      <rect width="100%" height="100%" fill="#fff"/>
      <text x="16" y="24" font-size="16">\(heading)</text>
      \(legend)
      \(boxes.joined(separator: "\n"))
      </svg>

      """
  }

  private var heading: String { "\(Self.escaped(title)): \(runs.count) runs, a row is \(rowBytes >> 10) KiB" }

  /// A part of a run, and how much of this part is filled: from the run's start on.
  private func box(_ run: RunFacts, _ row: Int, _ filled: UInt, _ part: UInt, from start: UInt) -> String {
    let scale = Self.width / Double(rowBytes)
    let (x, y) = (16 + Double(filled) * scale, Self.top + Double(row) * (Self.rowHeight + 2))
    let style = Style(run)
    let liveBytes = run.kind == .large ? run.objectBytes : run.bytes / 100 * run.fill
    let live = liveBytes > start ? min(liveBytes - start, part) : 0
    var text = "<g><title>\(describe(run))</title>" + Self.rect(x, y, Double(part) * scale, style.pale)
    if live > 0 { text += Self.rect(x, y, Double(live) * scale, style.full) }
    text += "</g>"
    return text
  }

  private func describe(_ run: RunFacts) -> String {
    let figures = run.kind == .slab ? ", \(run.live) of \(run.slots) live" : ""
    return "\(hex(run.start)): \(run.what), \(run.bytes) bytes\(figures)"
  }

  private static func rect(_ x: Double, _ y: Double, _ width: Double, _ fill: String) -> String {
    "<rect x=\"\(round(x))\" y=\"\(round(y))\" width=\"\(round(width))\" height=\"\(Int(rowHeight))\" "
      + "fill=\"\(fill)\"/>"
  }

  /// Two digits are enough, and keep a picture of thousands of slabs small.
  private static func round(_ number: Double) -> String { String((number * 100).rounded() / 100) }

  /// The 20 classes that have the most memory, by size, and the other kinds.
  private var legend: String {
    var classes: [Int: (size: UInt, bytes: UInt)] = [:]
    for run in runs where run.kind == .slab {
      classes[run.classIndex, default: (run.slotSize, 0)].bytes += run.bytes
    }
    let largest = classes.sorted { $0.value.bytes > $1.value.bytes }.prefix(20).sorted { $0.key < $1.key }
    var samples = largest.map { ("\($0.value.size)", Style(classIndex: $0.key)) }
    samples += [("large", .large), ("metadata", .metadata), ("dirty", .dirty), ("clean", .clean)]
    return samples.enumerated().map { index, sample in
      let (x, y) = (16 + Double(index % 12) * 100, 40 + Double(index / 12) * 20)
      return Self.rect(x, y, 12, sample.1.full) + "<text x=\"\(Int(x) + 18)\" y=\"\(Int(y) + 11)\">\(sample.0)</text>"
    }.joined(separator: "\n")
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      // XML has no other control characters.
      case _ where scalar.value < 32: result += "?"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// The colours of a box: of what is live, and of what is not.
private struct Style {
  let full: String
  let pale: String

  static let large = Style(full: "#4a4a8a", pale: "#e4e4f4")
  static let metadata = Style(full: "#666", pale: "#666")
  static let dirty = Style(full: "#d8c8b0", pale: "#d8c8b0")
  static let clean = Style(full: "#fff", pale: "#fff")

  init(full: String, pale: String) {
    self.full = full
    self.pale = pale
  }

  /// Neighbouring classes get colours far apart: the hue goes on by the golden angle.
  init(classIndex: Int) {
    let hue = classIndex * 137 % 360
    full = "hsl(\(hue),65%,45%)"
    pale = "hsl(\(hue),60%,90%)"
  }

  init(_ run: RunFacts) {
    switch run.kind {
    case .slab: self.init(classIndex: run.classIndex)
    case .large: self = .large
    case .metadata: self = .metadata
    case .unused, .free, .kept, .busy: self = run.isClean ? .clean : .dirty
    }
  }
}
