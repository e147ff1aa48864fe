import Synchronization

/// Purging: dirty runs lose their memory after a delay, when more is dirty than may be, or on request.
///
/// There is no thread for it. A call that frees a run or opens a slab looks at the clock.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Bytes of dirty runs. Changes under the lock.
  var dirtyBytes: UInt {
    get { pointee.dirty.load(ordering: .relaxed) }
    nonmutating set { pointee.dirty.store(newValue, ordering: .relaxed) }
  }

  /// When dirty runs are purged next, in milliseconds.
  var nextPurge: UInt64 {
    get { pointee.purgeTime.load(ordering: .relaxed) }
    nonmutating set { pointee.purgeTime.store(newValue, ordering: .relaxed) }
  }

  /// Purges what is due. Takes the lock.
  func purgeIfDue() {
    guard dirtyBytes > 0 else { return }
    let delay = UInt64(pointee.options.purgeDelay)
    let now = pointee.system.milliseconds()
    if dirtyBytes > pointee.options.retain || delay == 0 {
      // Half of it: the next run that becomes free is then kept for a while.
      purge(downTo: delay == 0 ? 0 : pointee.options.retain / 2)
    }
    guard now >= nextPurge else { return }
    nextPurge = now + max(delay / 4, 1)
    guard now > delay else { return }
    purge(olderThan: UInt(truncatingIfNeeded: now - delay))
  }

  /// Purges the largest runs until so many bytes are dirty. Takes the lock.
  func purge(downTo bytes: UInt) { locked { purgeLocked(downTo: bytes) } }

  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purgeLocked(downTo bytes: UInt) {
    assertLocked()
    while dirtyBytes > bytes, purgeKept(olderThan: UInt.max) {}
    while dirtyBytes > bytes, purgeOne({ $0.pointee.dirty.largest }) {}
  }

  /// Purges the runs that became free at a time or before, at most 64 of each kind: the others are due next time. Takes
  /// the lock.
  func purge(olderThan stamp: UInt) {
    locked {
      var count = 0
      while count < 64, purgeKept(olderThan: stamp) { count += 1 }
      while count < 64, purgeOne({ $0.pointee.dirty.find(until: stamp) }) { count += 1 }
    }
  }

  /// Purges one run that is found in a segment. False if there is none, or the system refuses.
  private func purgeOne(_ find: (SegmentPointer) -> RunPointer?) -> Bool {
    for index in 0..<pointee.segmentCount {
      guard let segment = pointee.segments[index], !segment.pointee.isLone, let run = find(segment) else { continue }
      segment.remove(run)
      run.pointee.kind = .busy
      dirtyBytes -= run.bytes
      purge(run)
      if !run.pointee.isClean { dirtyBytes += run.bytes }
      let isPurged = run.pointee.isClean
      segment.add(run)
      return isPurged
    }
    return false
  }

  /// Purges a busy run, which is clean afterwards unless the system refuses.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purge(_ run: RunPointer) {
    assertLocked()
    release()
    let isPurged = pointee.system.purge(at: run.pointee.start, run.bytes)
    acquire()
    run.pointee.isClean = isPurged
    if isPurged { pointee.counts.purged += run.bytes }
  }
}
