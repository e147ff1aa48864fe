import CSlabPort

/// The options of the statistics: their form, where they go, and when they are printed beside the end of the process.
/// `Environment` reads them.
///
///     SLABMALLOC_STATS=json SLABMALLOC_STATS_FILE=heap.%p.json
///     SLABMALLOC_STATS_SIGNAL=USR2 SLABMALLOC_STATS_INTERVAL=60
struct StatisticsOptions {
  private var chosen = Chosen.unset
  /// A C string of the environment; nil: stderr.
  var path: UnsafePointer<CChar>?
  /// 0: none.
  private(set) var signal: Int32 = 0
  /// Seconds; 0: none.
  var interval: UInt = 0

  private enum Chosen {
    case unset
    case none
    case table
    case json
  }

  /// nil: no statistics. A file, a signal or an interval alone means a table.
  var form: ReportPrinter.Form? {
    switch chosen {
    case .unset: path != nil || signal != 0 || interval != 0 ? .text : nil
    case .none: nil
    case .table: .text
    case .json: .json
    }
  }

  /// As the environment spells it.
  var name: StaticString {
    switch form {
    case nil: "0"
    case .text?: "table"
    case .json?: "json"
    }
  }

  /// False if the value can't be read.
  mutating func setForm(_ text: UnsafePointer<CChar>) -> Bool {
    if Environment.isEqual(text, "table") || Environment.isEqual(text, "1") {
      chosen = .table
    } else if Environment.isEqual(text, "json") {
      chosen = .json
    } else if Environment.isEqual(text, "0") {
      chosen = .none
    } else {
      return false
    }
    return true
  }

  /// A signal by its number, or by its name with or without SIG. False if there is no such signal, or none that a
  /// program can handle.
  mutating func setSignal(_ text: UnsafePointer<CChar>) -> Bool {
    let number = Environment.number(text, upTo: 64).map { Int32($0) } ?? slm_port_signal_number(text)
    guard number > 0, slm_port_can_handle(number) != 0 else { return false }
    signal = number
    return true
  }
}
