/// A heap profile that was read from a file: how many objects and bytes each call stack had, estimated from samples.
///
///     file ── SampleText or SamplePprof ──> stacks of addresses, mappings ── Symbolizer ──> stacks of names
struct SampleProfile {
  /// Objects and bytes.
  struct Amount {
    var objects = 0.0
    var bytes = 0.0

    static func += (sum: inout Amount, other: Amount) {
      sum.objects += other.objects
      sum.bytes += other.bytes
    }
  }

  /// Addresses of calls, the innermost first.
  struct Stack {
    var calls: [UInt]
    var live = Amount()
    var allocated = Amount()
    /// Live when most bytes were.
    var peak = Amount()

    func amount(_ what: What) -> Amount {
      switch what {
      case .live: live
      case .allocated: allocated
      case .peak: peak
      }
    }
  }

  enum What: String {
    case live, allocated, peak

    var title: String {
      switch self {
      case .live: "live"
      case .allocated: "allocated"
      case .peak: "live at the peak"
      }
    }
  }

  var stacks: [Stack] = []
  var mappings: [Mapping] = []
  /// Whether the file says what was live at the peak.
  var hasPeak = false

  init(_ path: String) throws(ToolError) {
    let bytes = try FileBytes.read(path)
    let text = "heap profile:"
    guard !bytes.starts(with: [0x1F, 0x8B]) else { throw .unreadable("\(path) is compressed: gunzip it first") }
    if bytes.starts(with: text.utf8) { try readText(bytes, path) } else { try readPprof(bytes, path) }
  }

  static func refuse(_ path: String, _ reason: String) -> ToolError {
    .unreadable("\(path) is no heap profile: \(reason)")
  }
}
