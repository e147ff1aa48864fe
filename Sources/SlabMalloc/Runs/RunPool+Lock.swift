import CSlabPort
import Synchronization

/// The lock of the run pool. It guards the pool, and what the heaps share on top of it.
///
/// A thread that would wait for itself aborts with a message instead: its signal handler interrupted malloc, and calls
/// malloc.
extension UnsafeMutablePointer where Pointee == RunPool {
  @inline(__always) func acquire() {
    if !pointee.lock.tryAcquire() { acquireContended() }
    pointee.holder.store(Platform.context(), ordering: .relaxed)
  }

  @inline(__always) func release() {
    pointee.holder.store(0, ordering: .relaxed)
    pointee.lock.release()
  }

  @inline(__always) func locked<Result>(_ body: () -> Result) -> Result {
    acquire()
    let result = body()
    release()
    return result
  }

  /// Stops a build with assertions where the calling thread does not hold the lock. Each function with `Requires: the
  /// lock of the run pool.` starts with it, which `make check-floors` checks.
  @inline(__always) func assertLocked() {
    #if SLM_ASSERT
      if pointee.holder.load(ordering: .relaxed) != Platform.context() {
        Violation("the lock of the run pool is not held", at: UInt(bitPattern: self)).report()
      }
    #endif
  }

  @inline(never) private func acquireContended() {
    if pointee.holder.load(ordering: .relaxed) == Platform.context() {
      var line = TextLine()
      line.add("slabmalloc: malloc was called by a signal handler that interrupted malloc")
      line.write()
      slm_port_abort()
    }
    pointee.lock.acquire()
  }
}
