/// A heap profile as a flame graph: a box for each call, as wide as what was allocated below it, on top of its caller.
///
///     +------+-----------+
///     | lost | read_all  |
///     +------+------+----+--+
///     | main        | other |
///     +-------------+-------+
///     | all                 |
///
/// A box shows its numbers when the pointer rests on it. Boxes of less than half a point are left out.
struct FlameGraph {
  private let title: String
  private let tree: SampleTree
  private let value: (SampleProfile.Amount) -> Double
  private let unit: String

  private static let width = 1200.0
  private static let rowHeight = 18.0
  private static let top = 40.0
  private static let least = 0.5

  init(_ title: String, _ tree: SampleTree, byObjects: Bool) {
    self.title = title
    self.tree = tree
    value = byObjects ? { $0.objects } : { $0.bytes }
    unit = byObjects ? "objects" : "bytes"
  }

  var svg: String {
    let depth = depth(tree, Self.width)
    var boxes: [String] = []
    draw(tree, x: 0, width: Self.width, level: depth - 1, into: &boxes)
    let height = Self.top + Double(depth) * Self.rowHeight + 16
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width) + 32) \(Int(height))" \
      font-family="sans-serif" font-size="11">
      <style>rect { stroke: #fff; stroke-width: 0.5 } g:hover rect { stroke: #000 }</style>
      <rect width="100%" height="100%" fill="#fff"/>
      <text x="16" y="24" font-size="16">\(Picture.escaped(title)): \(count(tree))</text>
      \(boxes.joined(separator: "\n"))
      </svg>

      """
  }

  private func count(_ node: SampleTree) -> String { "\(Int(value(node.amount).rounded())) \(unit)" }

  private func width(_ node: SampleTree, of parent: SampleTree, _ parentWidth: Double) -> Double {
    let all = value(parent.amount)
    return all > 0 ? parentWidth * value(node.amount) / all : 0
  }

  /// Rows of boxes that are wide enough.
  private func depth(_ node: SampleTree, _ own: Double) -> Int {
    let callees = node.callees.values.map { ($0, width($0, of: node, own)) }
    return 1 + (callees.filter { $0.1 >= Self.least }.map { depth($0.0, $0.1) }.max() ?? 0)
  }

  private func draw(_ node: SampleTree, x: Double, width own: Double, level: Int, into boxes: inout [String]) {
    boxes.append(box(node, x, own, level))
    var left = x
    for callee in node.sorted {
      let width = width(callee, of: node, own)
      if width >= Self.least { draw(callee, x: left, width: width, level: level - 1, into: &boxes) }
      left += width
    }
  }

  private func box(_ node: SampleTree, _ x: Double, _ width: Double, _ level: Int) -> String {
    let y = Self.top + Double(level) * Self.rowHeight
    let share = value(tree.amount) > 0 ? 100 * value(node.amount) / value(tree.amount) : 0
    let name = Picture.escaped(node.name)
    var text = "<g><title>\(name): \(count(node)), \(Self.text(share)) %</title>"
    text += "<rect x=\"\(Self.text(16 + x))\" y=\"\(Self.text(y))\" width=\"\(Self.text(width))\""
    text += " height=\"\(Self.text(Self.rowHeight - 1))\" rx=\"1\" fill=\"\(Self.colour(node.name))\"/>"
    // Some 6 points a letter.
    let letters = Int(width / 6.2)
    if letters >= 3 {
      let label = node.name.count <= letters ? node.name : node.name.prefix(letters - 2) + ".."
      text += "<text x=\"\(Self.text(19 + x))\" y=\"\(Self.text(y + 12.5))\">\(Picture.escaped(label))</text>"
    }
    return text + "</g>"
  }

  /// The same name has the same colour in each picture.
  private static func colour(_ name: String) -> String {
    var mix = SplitMix(state: name.utf8.reduce(0) { ($0 &* 31) &+ UInt64($1) })
    let number = mix.next()
    return "hsl(\(10 + number % 45), \(70 + number >> 8 % 20)%, \(62 + number >> 16 % 12)%)"
  }

  private static func text(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
  }
}
