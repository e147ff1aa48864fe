import CSlabPort
import Synchronization

/// The trace across fork(): the parent goes on recording, and the child never records.
///
/// The window of the file is shared memory. Whatever the child wrote there would be in the parent's trace. The trace is
/// therefore off in the child from the first call that finds itself there, which may be one of a handler of
/// pthread_atfork() that runs before this library's own.
extension UnsafeMutablePointer where Pointee == Trace {
  /// - Parameter isInterrupted: whether a signal handler forks that interrupted its thread while it held a lock that
  ///   stands behind the trace's. Another thread may hold the trace's lock and wait for that one: the fork does
  ///   without the trace's lock.
  func beforeFork(isInterrupted: Bool) {
    if !isInterrupted || pointee.lock.isOwn { pointee.lock.keep() }
  }

  func afterFork() {
    if pointee.lock.isOwn { pointee.lock.giveBack() }
  }

  func afterForkInChild() {
    let isOwn = pointee.lock.isOwn
    if isOn {
      // A call that was interrupted, or that the child does not have, may be writing a record.
      if isOwn, !isHeld { close() } else { abandon() }
    }
    if let heap = HeapPointer.traced { heap.becomeThreads() }
    if isOwn { pointee.lock.giveBack() } else { pointee.lock.reset() }
  }

  /// Ends the trace in a child of its process. False if this is the process itself.
  /// Requires the trace's lock.
  func closeInChild() -> Bool {
    guard pointee.lock.isKept, slm_port_trace_is_of_parent() != 0 else { return false }
    close()
    return true
  }

  /// Ends the trace in a child where a record may be half written. What an interrupted call still writes is lost.
  private func abandon() {
    pointee.on.store(0, ordering: .relaxed)
    slm_port_trace_detach(pointee.window, Trace.windowBytes)
  }
}
