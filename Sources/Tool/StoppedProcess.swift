import CSlabTool
import Glibc

/// A running process whose threads stand still for a while, by ptrace(2).
///
///     SEIZE ──> INTERRUPT ──> wait ──> registers, memory ──> DETACH
///       └── until a list of the threads has no new one: threads that run may start others
///
/// The kernel detaches all threads, and lets them run on, when the tool ends, however it ends. Nobody need clean up
/// after ctrl-C, an error or a kill. A signal that arrives meanwhile is delivered when the thread runs again. A system
/// call that is interrupted goes on, but for those that signal(7) lists: they return EINTR, as after SIGSTOP.
final class StoppedProcess {
  private let process: RunningProcess
  /// The threads, and the signal that each was about to get when it stopped.
  private var signals: [Int32: Int32] = [:]
  private(set) var registers: [ThreadRegisters] = []
  private var since: UInt64 = 0
  /// How often it was stopped, and for how long in all.
  private(set) var stops = 0
  private(set) var nanoseconds: UInt64 = 0

  /// A thread that does not stop in this time waits in the kernel: for a disk, or for the child of a vfork.
  private static let patience: UInt64 = 10_000_000_000

  init(_ process: RunningProcess) { self.process = process }

  /// Stops all threads and reads their registers.
  func stop() throws(ToolError) {
    stops += 1
    since = monotonicNanoseconds()
    do { try stopThreads() } catch {
      resume()
      throw error
    }
    registers = signals.keys.sorted().compactMap { ThreadRegisters(stopped: $0) }
    // A thread whose registers cannot be read has been killed. All that is read now may go any moment.
    guard !registers.isEmpty else {
      resume()
      throw ended
    }
  }

  func resume() {
    for (thread, signal) in signals { _ = slm_tool_detach(thread, signal) }
    if since != 0 { nanoseconds += monotonicNanoseconds() - since }
    since = 0
    signals = [:]
  }

  private var ended: ToolError { .unreadable("process \(process.id) has ended") }

  private func stopThreads() throws(ToolError) {
    var tried: Set<Int32> = []
    while true {
      let new = try threads().filter { !tried.contains($0) }
      if new.isEmpty { break }
      tried.formUnion(new)
      var seized: [Int32] = []
      for thread in new {
        guard slm_tool_seize(thread) == 0 else {
          if errno == ESRCH || isZombie(thread) { continue }
          throw .unreadable("process \(process.id) cannot be stopped: \(RunningProcess.refusal(of: process.id))")
        }
        signals[thread] = 0
        if slm_tool_interrupt(thread) == 0 { seized.append(thread) }
      }
      for thread in seized { try wait(thread) }
    }
    guard !signals.isEmpty else { throw ended }
  }

  private func wait(_ thread: Int32) throws(ToolError) {
    var status: Int32 = 0
    let start = monotonicNanoseconds()
    while true {
      let found = slm_tool_wait(thread, &status)
      if found == thread { break }
      guard found == 0 || errno == EINTR else {
        signals[thread] = nil
        return
      }
      guard monotonicNanoseconds() - start < Self.patience else {
        throw .unreadable("process \(process.id) cannot be stopped: thread \(thread) waits in the kernel")
      }
      usleep(50)
    }
    let signal = slm_tool_stop_signal(status)
    signals[thread] = signal < 0 ? nil : signal
  }

  private func threads() throws(ToolError) -> [Int32] {
    guard let folder = opendir("/proc/\(process.id)/task") else { throw ended }
    defer { closedir(folder) }
    var threads: [Int32] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let thread = Int32(name) { threads.append(thread) }
    }
    return threads
  }

  /// A thread that has ended stays until the others have: the first one does.
  private func isZombie(_ thread: Int32) -> Bool {
    let reason = errno
    defer { errno = reason }
    let status = (try? readFile("/proc/\(process.id)/task/\(thread)/stat")) ?? ""
    let state = status.split(separator: ")").last?.first { $0 != " " }
    return status.isEmpty || state == "Z" || state == "X"
  }
}

/// Nanoseconds of a clock that nobody sets.
func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
