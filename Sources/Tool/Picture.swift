/// What the pictures share: colours, legends, and numbers in SVG.
enum Picture {
  static let rowHeight = 12.0

  static func rect(_ x: Double, _ y: Double, _ width: Double, _ fill: String) -> String {
    "<rect x=\"\(round(x))\" y=\"\(round(y))\" width=\"\(round(width))\" height=\"\(Int(rowHeight))\" "
      + "fill=\"\(fill)\"/>"
  }

  /// Two digits are enough, and keep a picture of thousands of slabs small.
  static func round(_ number: Double) -> String { String((number * 100).rounded() / 100) }

  /// Two rows of samples, below the heading.
  static func legend(_ samples: [(String, Style)]) -> String {
    samples.enumerated().map { index, sample in
      let (x, y) = (16 + Double(index % 12) * 100, 40 + Double(index / 12) * 20)
      return rect(x, y, 12, sample.1.full) + "<text x=\"\(Int(x) + 18)\" y=\"\(Int(y) + 11)\">\(sample.0)</text>"
    }.joined(separator: "\n")
  }

  /// Text in XML and HTML.
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
struct Style {
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
