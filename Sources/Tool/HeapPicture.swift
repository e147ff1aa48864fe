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
    let height = Self.top + Double(filled > 0 ? row + 1 : row) * (Picture.rowHeight + 2) + 16
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

  private var heading: String { "\(Picture.escaped(title)): \(runs.count) runs, a row is \(rowBytes >> 10) KiB" }

  /// A part of a run, and how much of this part is filled: from the run's start on.
  private func box(_ run: RunFacts, _ row: Int, _ filled: UInt, _ part: UInt, from start: UInt) -> String {
    let scale = Self.width / Double(rowBytes)
    let (x, y) = (16 + Double(filled) * scale, Self.top + Double(row) * (Picture.rowHeight + 2))
    let style = Style(run)
    let liveBytes = run.kind == .large ? run.objectBytes : run.bytes / 100 * run.fill
    let live = liveBytes > start ? min(liveBytes - start, part) : 0
    var text = "<g><title>\(describe(run))</title>" + Picture.rect(x, y, Double(part) * scale, style.pale)
    if live > 0 { text += Picture.rect(x, y, Double(live) * scale, style.full) }
    text += "</g>"
    return text
  }

  private func describe(_ run: RunFacts) -> String {
    let figures = run.kind == .slab ? ", \(run.live) of \(run.slots) live" : ""
    return "\(hex(run.start)): \(run.what), \(run.bytes) bytes\(figures)"
  }

  /// The 20 classes that have the most memory, by size, and the other kinds.
  private var legend: String {
    var classes: [Int: (size: UInt, bytes: UInt)] = [:]
    for run in runs where run.kind == .slab {
      classes[run.classIndex, default: (run.slotSize, 0)].bytes += run.bytes
    }
    let largest = classes.sorted { $0.value.bytes > $1.value.bytes }.prefix(20).sorted { $0.key < $1.key }
    var samples = largest.map { ("\($0.value.size)", Style(classIndex: $0.key)) }
    samples += [("large", .large), ("metadata", .metadata), ("dirty", .dirty), ("clean", .clean)]
    return Picture.legend(samples)
  }
}
