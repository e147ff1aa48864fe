import CSlabmalloc
import CSlabTool
import Glibc

/// What commands print. An output that nobody reads any more, as by `| head`, ends the command without a word.
enum Output {
  static func put(_ text: String) {
    var text = text
    text.withUTF8 { write($0.baseAddress, $0.count) }
  }

  static func print(_ report: Report, _ rows: RunRows, name: String, json: Bool) {
    var report = report
    name.withCString {
      report.name = $0
      var printer = ReportPrinter(write: { _, text, length in Output.write(text, length) }, context: nil)
      printer.print(report, as: json ? .json : .text) { rows[$0] }
    }
  }

  /// A string of JSON.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case _ where scalar.value < 32:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Why the first write that failed did; 0 if none did.
  nonisolated(unsafe) private static var reason: Int32 = 0

  private static func write(_ bytes: UnsafeRawPointer?, _ count: Int) {
    guard let bytes, fwrite(bytes, 1, count, slm_tool_output()) != count, reason == 0 else { return }
    reason = errno
  }

  /// Everything has gone out, or the command fails.
  static func finish() throws(ToolError) {
    let isFlushed = fflush(slm_tool_output()) == 0
    if !isFlushed, reason == 0 { reason = errno }
    guard isFlushed, ferror(slm_tool_output()) == 0 else {
      errno = reason
      throw .unreadable("the standard output cannot be written: \(systemError())")
    }
  }
}

func hex(_ number: UInt) -> String { "0x" + String(number, radix: 16) }

/// A number of columns, aligned to the right.
func column(_ text: some CustomStringConvertible, _ width: Int) -> String {
  let text = text.description
  return String(repeating: " ", count: max(width - text.count, 1)) + text
}
