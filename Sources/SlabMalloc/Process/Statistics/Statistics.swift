import CSlabPort
import Synchronization

/// The statistics that a process prints by itself: at its end, on a signal, and every few seconds.
///
///     exit ───────────────────────────────────────> wait for the locks ──┐
///     _exit, a fatal signal ──────────────────────> try them for a while ┼─> rows ─> buffer ─> stderr or file
///     the signal of choice ── locks are free? ─────> at once ────────────┤
///                              └─ no: alarm ──┐                          │
///     interval ── alarm ──────────────────────┴──> slow path of malloc ──┘
///
/// There is no thread for it: an alarm is a time in the pool of heaps, which slow paths compare with the clock. The
/// rows and the text lie in memory that is zero before any code runs, because a signal handler has little stack. A
/// report is written by one system call, so that those of several processes in one file do not mix.
///
/// Lock: `lock` guards all of this. It stands before that of the run pool. Invariant: the process that prints is the
/// one that the memory belongs to: the child of a vfork prints nothing.
struct Statistics: ~Copyable {
  let lock: OwnedLock
  /// Whether the process prints at all: it was asked to, and has not ended.
  var isOn: Bool
  var form: ReportPrinter.Form
  /// The process, so that the child of a vfork is recognised.
  var process: UInt
  /// Milliseconds between two tables; 0: none.
  var interval: UInt64
  /// The number of the last table.
  var tables: UInt
  var before: RunRows.LiveBytes
  var rows: RunRows
  var output: StatisticsOutput
}

typealias StatisticsPointer = UnsafeMutablePointer<Statistics>

extension UnsafeMutablePointer where Pointee == Statistics {
  static var shared: StatisticsPointer {
    slm_port_statistics_address().assumingMemoryBound(to: Statistics.self)
  }

  private var process: ProcessPointer { ProcessPointer.shared }

  /// Prints at the end from now on, and when else the options say.
  func begin(_ options: StatisticsOptions) {
    pointee.process = UInt(slm_port_process_id())
    guard let form = options.form else { return }
    pointee.isOn = true
    pointee.form = form
    pointee.interval = UInt64(options.interval) * 1000
    if let path = options.path { slm_port_set_output(path) }
    process.heaps.pointee.onAlarm = statisticsAlarm
    setAlarm()
    slm_port_watch_signals(options.signal)
  }

  /// Whether this process prints. The child of a vfork does not, and takes no lock: it has its parent's.
  private var isOn: Bool { pointee.isOn && pointee.process == UInt(slm_port_process_id()) }

  /// Prints for the last time. In an exit handler locks can be waited for, except where a signal handler that
  /// interrupted their holder calls exit.
  func end() {
    guard process.isReady, isOn, !pointee.lock.isHeld, !process.runs.pointee.lock.isHeld else { return }
    pointee.lock.acquire()
    process.runs.pointee.lock.acquire()
    tell()
    pointee.isOn = false
    pointee.lock.release()
  }

  /// Prints a table in the form of the options on behalf of the program: malloc_stats().
  func printTable() {
    pointee.lock.acquire()
    process.runs.pointee.lock.acquire()
    tell()
    pointee.lock.release()
  }

  /// Prints if both locks are open, or become so while the caller tries for a while. Any signal handler may call this.
  func tryToTell(attempts: Int) -> Bool {
    guard process.isReady, isOn else { return true }
    for attempt in 0..<attempts {
      if attempt != 0 { slm_port_yield() }
      guard pointee.lock.tryAcquire() else { continue }
      if process.runs.pointee.lock.tryAcquire() {
        tell()
        pointee.lock.release()
        return true
      }
      pointee.lock.release()
    }
    return false
  }

  /// The lock of the run pool, which the caller has taken, is released as soon as the rows are counted.
  private func tell() {
    // First: a signal that comes meanwhile asks for another table.
    setAlarm()
    pointee.rows.reset()
    var report = process.report(&pointee.rows)
    process.runs.pointee.lock.release()
    pointee.tables += 1
    report.number = pointee.tables
    pointee.rows.exchange(&pointee.before)
    report.total.liveBytesBefore = pointee.rows.liveBytesBefore
    pointee.output.begin()
    withUnsafePointer(to: pointee.output.name) { name in
      report.name = UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self)
      var printer = ReportPrinter(write: statisticsWrite, context: nil)
      printer.print(report, as: pointee.form) { pointee.rows[$0] }
    }
    pointee.output.end()
  }

  private func setAlarm() {
    guard pointee.interval != 0 else { return process.heaps.pointee.alarm.store(UInt64.max, ordering: .relaxed) }
    let now = process.runs.pointee.system.milliseconds()
    process.heaps.pointee.alarm.store(now + pointee.interval, ordering: .relaxed)
  }
}

/// What a slow path calls when the alarm is due. Another thread may be printing already.
private func statisticsAlarm() {
  let statistics = StatisticsPointer.shared
  guard !statistics.pointee.lock.isHeld else { return }
  _ = statistics.tryToTell(attempts: 1)
}

private func statisticsWrite(_ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>, _ length: Int) {
  StatisticsPointer.shared.pointee.output.add(text, length)
}

// What CSlabPort calls.

/// A signal that the process handles for its statistics. A fatal one ends the process when this returns.
@c(slm_core_statistics_signal)
@usableFromInline
func statisticsSignal(_ isFatal: Int32) {
  let statistics = StatisticsPointer.shared
  let isDone = statistics.tryToTell(attempts: isFatal != 0 ? 1000 : 1)
  if isDone { return }
  if isFatal == 0 { return ProcessPointer.shared.heaps.pointee.alarm.store(0, ordering: .relaxed) }
  var line = TextLine()
  line.add("slabmalloc: no statistics: the signal interrupted malloc")
  line.addIds()
  line.write()
}

/// The process ends without exit handlers.
@c(slm_core_process_leaves)
@usableFromInline
func processLeaves() {
  _ = StatisticsPointer.shared.tryToTell(attempts: 1000)
  SamplerPointer.shared.endProcess()
}
