import CSlabPort
import Synchronization

/// The process: its heaps, its options, and what happens when a program misuses them.
///
/// The pool of heaps is the first member, and the pool of runs is the first member of that. All three have one address,
/// that of memory in CSlabPort which is zero before any code runs. Code reads it relative to the program counter:
///
///     slm_port_process ──> ProcessState | HeapPool | RunPool | base | extent | table | ...
///
/// Lock order: trace, statistics, run pool, sampler, misuse handler. No thread takes one of them while it holds one
/// that stands behind it.
struct ProcessState: ~Copyable {
  var heaps: HeapPool
  /// 1 when set up.
  let ready: Atomic<UInt32>
  var hasReadEnvironment: Bool
  var printsCallStack: Bool
  var misuse: MisuseHandlers
}

typealias ProcessPointer = UnsafeMutablePointer<ProcessState>

extension UnsafeMutablePointer where Pointee == ProcessState {
  /// The process's own.
  @inline(__always) static var shared: ProcessPointer {
    slm_port_process_address().assumingMemoryBound(to: ProcessState.self)
  }

  @inline(__always) var heaps: HeapPoolPointer {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: HeapPool.self)
  }
  @inline(__always) var runs: RunPoolPointer { heaps.runs }

  var isReady: Bool { pointee.ready.load(ordering: .acquiring) == 1 }

  /// Sets the process up, once.
  func prepare() {
    guard !isReady else { return }
    // Before the lock is taken: all of it asks the C library, where a program may have put a function that allocates.
    let system = SystemMemory.linux
    _ = system.milliseconds()
    let isInTime = slm_port_has_environment() != 0
    let options = Environment.runOptions
    let isFirst = heaps.locked {
      guard !isReady else { return false }
      heaps.initialize(system, options, report: reportMisuse)
      pointee.ready.store(1, ordering: .releasing)
      return true
    }
    guard isFirst else { return }
    readEnvironment(isInTime: isInTime)
    slm_port_watch_forks()
  }
}

// What CSlabPort calls when the process begins and ends.

@c(slm_core_process_begins)
@usableFromInline
func processBegins() {
  let process = ProcessPointer.shared
  var position = 0
  // A program that never allocates has its options read all the same.
  if slm_port_next_option(&position) != nil { process.prepare() }
  if process.isReady { process.readEnvironment(isInTime: false) }
}

@c(slm_core_process_ends)
@usableFromInline
func processEnds() {
  TracePointer.shared.end()
  StatisticsPointer.shared.end()
  SamplerPointer.shared.endProcess()
}
