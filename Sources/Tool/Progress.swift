import CSlabTool
import Glibc

/// What a command has done so far, on a terminal's last line, once it takes longer than a second. Nothing is written
/// where standard error is no terminal.
final class Progress {
  private let what: String
  /// How much there is in all; nil if it is bytes, and nobody knows how many.
  private let total: Int?
  private let isShown = isatty(STDERR_FILENO) != 0
  private var next = monotonicNanoseconds() + 1_000_000_000
  private var done: UInt = 0
  private var isOnLine = false

  init(_ what: String, of total: Int? = nil) {
    self.what = what
    self.total = total
  }

  func add(_ count: UInt) {
    done += count
    guard isShown, count > 0, monotonicNanoseconds() >= next else { return }
    next = monotonicNanoseconds() + 200_000_000
    isOnLine = true
    let state = total.map { "\(done) of \($0)" } ?? "\(done >> 20) MiB"
    fputs("\r\u{1B}[K\(what): \(state)", slm_tool_errors())
    fflush(slm_tool_errors())
  }

  /// Takes the line away.
  func end() {
    guard isOnLine else { return }
    isOnLine = false
    fputs("\r\u{1B}[K", slm_tool_errors())
    fflush(slm_tool_errors())
  }

  deinit { end() }
}
