import CSlabPort
import Synchronization

/// The lock of what heaps share. A thread that waits for itself is told instead: its signal handler has interrupted malloc, and calls
/// it again.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  @inline(__always) private var holder: UnsafeMutablePointer<Atomic<UInt>> {
    raw.advanced(by: 32).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  @inline(__always) func acquire() {
    if !pointee.lock.tryAcquire() { acquireContended() }
    holder.pointee.store(Platform.context(), ordering: .relaxed)
  }

  @inline(__always) func release() {
    holder.pointee.store(0, ordering: .relaxed)
    pointee.lock.release()
  }

  @inline(__always) func locked<Result>(_ body: () -> Result) -> Result {
    acquire()
    let result = body()
    release()
    return result
  }

  @inline(never) private func acquireContended() {
    if holder.pointee.load(ordering: .relaxed) == Platform.context() {
      var line = TextLine()
      line.add("slabmalloc: malloc was called by a signal handler that interrupted malloc")
      line.write()
      slm_port_abort()
    }
    pointee.lock.acquire()
  }
}
