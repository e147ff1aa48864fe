import CSlabPort
import Synchronization

/// The process: its heaps, its options, and what happens when a program misuses them.
///
/// The pool of heaps is the first member, and the pool of runs is the first member of that. All three have one address,
/// that of memory in CSlabPort which is zero before any code runs. Code reads it relative to the program counter:
///
///     slm_port_process ──> ProcessState | HeapPool | RunPool | base | extent | table | ...
///
/// Lock order: trace, run pool, misuse handler. No thread takes one of them while it holds one that stands behind it.
struct ProcessState: ~Copyable {
  var heaps: HeapPool
  /// 1 when set up.
  let ready: Atomic<UInt32>
  var hasReadEnvironment: Bool
  var printsStatistics: Bool
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
    let isFirst = heaps.locked {
      guard !isReady else { return false }
      heaps.initialize(.linux, .standard, report: reportMisuse)
      pointee.ready.store(1, ordering: .releasing)
      return true
    }
    guard isFirst else { return }
    readEnvironment()
    slm_port_watch_forks()
  }
}

// What CSlabPort calls when the process begins, forks and ends.

@c(slm_core_process_begins)
@usableFromInline
func processBegins() {
  if ProcessPointer.shared.isReady { ProcessPointer.shared.readEnvironment() }
}

@c(slm_core_process_ends)
@usableFromInline
func processEnds() {
  TracePointer.shared.end()
  let process = ProcessPointer.shared
  if process.isReady, process.pointee.printsStatistics { process.printStatistics() }
}

@c(slm_core_before_fork)
@usableFromInline
func beforeFork() {
  TracePointer.shared.beforeFork()
  ProcessPointer.shared.runs.acquire()
  ProcessPointer.shared.pointee.misuse.lock.acquire()
}

@c(slm_core_after_fork)
@usableFromInline
func afterFork() {
  ProcessPointer.shared.pointee.misuse.lock.release()
  ProcessPointer.shared.runs.release()
  TracePointer.shared.afterFork()
}

@c(slm_core_after_fork_in_child)
@usableFromInline
func afterForkInChild() {
  ProcessPointer.shared.pointee.misuse.lock.release()
  ProcessPointer.shared.runs.release()
  TracePointer.shared.afterForkInChild()
}
