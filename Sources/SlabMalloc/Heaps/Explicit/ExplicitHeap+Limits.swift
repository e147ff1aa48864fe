import Synchronization

/// Limits: bytes are counted before memory is taken, without the lock of the run pool, since a function of the program
/// may run.
///
///     charge -> above the hard limit: empty slabs go back, once; refused if that does not help
///            -> above the soft limit first: the handler runs, which may free and allocate in this heap
///            -> memory is taken -> none comes: uncharge
extension UnsafeMutablePointer where Pointee == ExplicitHeap {
  /// Counts bytes that the heap is about to hold. False if the hard limit forbids them: then a part notes that.
  func charge(_ bytes: UInt) -> Bool {
    guard pointee.limits.charge(bytes) || chargeAfterTrim(bytes) else {
      part?.pointee.isAtLimit = true
      return false
    }
    if pointee.limits.crossesSoft() { callSoftLimitHandler() }
    return true
  }

  func uncharge(_ bytes: UInt) { pointee.limits.uncharge(bytes) }

  /// Counts the bytes of a run in place of those that were counted before it was taken. False if these are more, and
  /// the hard limit forbids that. The lock of the run pool may be held.
  func settle(_ counted: UInt, _ bytes: UInt) -> Bool {
    if bytes > counted, !pointee.limits.charge(bytes - counted) {
      part?.pointee.isAtLimit = true
      return false
    }
    if bytes < counted { uncharge(counted - bytes) }
    pointee.limits.notePeak()
    return true
  }

  /// The limits, and the bytes that they are about.
  var limits: (soft: UInt, hard: UInt, held: UInt, peak: UInt) {
    (
      pointee.limits.soft.load(ordering: .relaxed), pointee.limits.hard.load(ordering: .relaxed),
      pointee.limits.held.load(ordering: .relaxed), pointee.limits.peak.load(ordering: .relaxed)
    )
  }

  /// Sets the handler of the soft limit. Takes the lock.
  func setHandler(_ handler: HeapLimits.Handler?, _ context: UnsafeMutableRawPointer?) {
    pool.locked {
      pointee.limits.handler = handler
      pointee.limits.context = context
    }
  }

  /// Gives back the empty slabs of the calling thread's part and of vacant ones, and counts again.
  private func chargeAfterTrim(_ bytes: UInt) -> Bool {
    if let part {
      if pool.isHardened { part.evictAll() }
      part.trim()
    }
    trimVacant()
    return pointee.limits.charge(bytes)
  }

  private func callSoftLimitHandler() {
    let (handler, context) = pool.locked { (pointee.limits.handler, pointee.limits.context) }
    if let handler { handler(context, Int(bitPattern: pointee.limits.held.load(ordering: .relaxed))) }
  }
}
