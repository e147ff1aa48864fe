/// The lock of the run pool. It guards the pool, and what the heaps share on top of it.
extension UnsafeMutablePointer where Pointee == RunPool {
  @inline(__always) func acquire() { pointee.lock.acquire() }
  @inline(__always) func release() { pointee.lock.release() }

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
      if !pointee.lock.isHeld {
        Violation("the lock of the run pool is not held", at: UInt(bitPattern: self)).report()
      }
    #endif
  }
}
