/// A trace as a picture: the bytes that a program had asked for and not freed, over its operations. Each size class is
/// a band, in the colour that it has in the picture of the heap.
///
///     bytes |        ___
///           |    ___/   \__    class 512
///           | __/  ...     \_  class 64
///           +------------------ operations
struct TimelinePicture {
  private let name: String
  private let timeline: Timeline
  /// From the bottom up: the smallest class is at the bottom.
  private var bands: [Band] = []

  private static let width = 1200.0
  private static let height = 480.0
  private static let left = 100.0
  private static let top = 96.0

  init(_ name: String, _ timeline: Timeline) {
    self.name = name
    self.timeline = timeline
    // What is no more than a line has one band together.
    let least = timeline.peak.live / 300
    let (points, classes) = (timeline.points, 0...Timeline.large)
    let most = classes.map { index in points.map { $0.classes[index] }.max() ?? 0 }
    let others = points.map { point in classes.reduce(0) { $0 + (most[$1] < least ? point.classes[$1] : 0) } }
    bands = [Band(title: "others", style: .dirty, bytes: others)].filter { band in band.bytes.contains { $0 > 0 } }
    for index in classes where most[index] > 0 && most[index] >= least {
      let isLarge = index == Timeline.large
      bands.append(
        Band(
          title: isLarge ? "large" : "\(SizeClass.slotSize(UInt(index)))",
          style: isLarge ? .large : Style(classIndex: index), bytes: points.map { $0.classes[index] }))
    }
  }

  var svg: String {
    let bottom = Self.top + Self.height
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.left + Self.width) + 32) \(Int(bottom) + 48)" \
      font-family="sans-serif" font-size="12" stroke-width="0.4">
      <rect width="100%" height="100%" fill="#fff"/>
      <text x="16" y="24" font-size="16">\(Picture.escaped(name)): \(timeline.operations) operations, peak \
      \(timeline.peak.live) bytes after \(timeline.peak.operations)</text>
      \(Picture.legend(bands.suffix(24).map { ($0.title, $0.style) }))
      \(grid)
      \(polygons.joined(separator: "\n"))
      </svg>

      """
  }

  /// One colour of the picture.
  private struct Band {
    let title: String
    let style: Style
    /// Of each point.
    let bytes: [UInt]
  }

  private func x(_ operations: UInt) -> Double {
    Self.left + Self.width * Double(operations) / Double(max(timeline.operations, 1))
  }
  private func y(_ bytes: UInt) -> Double {
    Self.top + Self.height * (1 - Double(bytes) / Double(max(timeline.peak.live, 1)))
  }

  private var polygons: [String] {
    var base = [UInt](repeating: 0, count: timeline.points.count)
    return bands.map { band in
      let lower = base
      for (place, bytes) in band.bytes.enumerated() { base[place] += bytes }
      let corners =
        timeline.points.indices.map { corner(timeline.points[$0].operations, base[$0]) }
        + timeline.points.indices.reversed().map { corner(timeline.points[$0].operations, lower[$0]) }
      return "<g><title>\(band.title): at most \(band.bytes.max() ?? 0) bytes</title>"
        + "<polygon fill=\"\(band.style.full)\" points=\"\(corners.joined(separator: " "))\"/></g>"
    }
  }

  private func corner(_ operations: UInt, _ bytes: UInt) -> String {
    "\(Picture.round(x(operations))),\(Picture.round(y(bytes)))"
  }

  private var grid: String {
    var lines: [String] = []
    for value in Self.steps(timeline.peak.live, by: (2, 2)) {
      lines.append(
        "<line x1=\"\(Self.left)\" x2=\"\(Self.left + Self.width)\" y1=\"\(Picture.round(y(value)))\" "
          + "y2=\"\(Picture.round(y(value)))\" stroke=\"#bbb\"/><text text-anchor=\"end\" x=\"\(Self.left - 8)\" "
          + "y=\"\(Picture.round(y(value) + 4))\">\(Self.short(value))</text>")
    }
    for value in Self.steps(timeline.operations, by: (5, 2)) {
      lines.append(
        "<text text-anchor=\"middle\" x=\"\(Picture.round(x(value)))\" y=\"\(Self.top + Self.height + 20)\">"
          + "\(value)</text>")
    }
    lines.append(
      "<text x=\"\(Self.left)\" y=\"\(Self.top + Self.height + 40)\">operations: calls of malloc and free</text>")
    return lines.joined(separator: "\n")
  }

  /// Two to eight round numbers up to a largest one: multiples of a step that grows by two factors in turn.
  private static func steps(_ largest: UInt, by factors: (UInt, UInt)) -> [UInt] {
    var (step, isOdd): (UInt, Bool) = (1, false)
    while largest / step > 8 {
      step *= isOdd ? factors.1 : factors.0
      isOdd.toggle()
    }
    return Array(stride(from: 0, through: largest, by: Int(step)))
  }

  private static func short(_ bytes: UInt) -> String {
    if bytes >= 10 << 20 { return "\(bytes >> 20) MiB" }
    return bytes >= 10 << 10 ? "\(bytes >> 10) KiB" : "\(bytes)"
  }
}
