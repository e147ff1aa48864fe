import CSlabPort

/// The options of the heap profile, which `Environment` reads.
///
///     SLABMALLOC_SAMPLE=512KiB SLABMALLOC_SAMPLE_FILE=redis.%p.heap
struct SampleOptions {
  /// As it was set; nil: it was not.
  private var setRate: UInt?
  /// A C string of the environment; nil: `standardPath`.
  var path: UnsafePointer<CChar>?

  /// Bytes from one sample to the next; 0: no samples. A file alone means a profile.
  var rate: UInt { setRate ?? (path == nil ? 0 : Self.standardRate) }

  static var standardRate: UInt { 512 << 10 }
  static var mostRate: UInt { 1 << 40 }
  /// In the current directory.
  static var standardPath: StaticString { "slabmalloc.%p.heap" }

  /// A number of bytes, or with KiB, MiB or GiB behind it. False if it can't be read.
  mutating func readRate(_ text: UnsafePointer<CChar>) -> Bool {
    var number: UInt = 0
    var index = 0
    while text[index] >= 48, text[index] <= 57, number <= Self.mostRate {
      number = number * 10 + UInt(text[index] - 48)
      index += 1
    }
    let unit = text + index
    var shift: UInt = 0
    if Environment.isEqual(unit, "KiB") {
      shift = 10
    } else if Environment.isEqual(unit, "MiB") {
      shift = 20
    } else if Environment.isEqual(unit, "GiB") {
      shift = 30
    } else if unit[0] != 0 {
      return false
    }
    guard index != 0, number <= Self.mostRate >> shift else { return false }
    setRate = number << shift
    return true
  }

  /// A file whose name ends in .pb gets the form of pprof.
  var form: SampleForm {
    guard let path else { return .text }
    var length = 0
    while path[length] != 0 { length += 1 }
    return length > 3 && Environment.isEqual(path + length - 3, ".pb") ? .pprof : .text
  }
}

/// The forms of a profile, as the C API numbers them.
enum SampleForm: UInt32 {
  /// The text of google-pprof and jeprof: live and allocated.
  case text = 0
  /// The same, with what was live at the peak in place of what is live.
  case peakText = 1
  /// The protobuf of pprof: all three.
  case pprof = 2
}
