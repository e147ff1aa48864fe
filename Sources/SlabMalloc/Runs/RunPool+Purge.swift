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
  /// - Parameter stamp: of the run that the caller has just freed, which is the time now.
  func purgeIfDue(_ stamp: UInt? = nil) {
    // Memory of a source is never purged.
    guard dirtyBytes > 0, pointee.source == nil else { return }
    let delay = UInt64(pointee.options.purgeDelay)
    let now = stamp.map { UInt64($0) } ?? pointee.system.milliseconds()
    if dirtyBytes > pointee.options.retain + pointee.refused.load(ordering: .relaxed) || delay == 0 {
      // Half of it: the next run that becomes free is then kept for a while.
      purge(downTo: delay == 0 ? 0 : pointee.options.retain / 2)
    }
    guard now >= nextPurge else { return }
    nextPurge = now + max(delay / 4, 1)
    guard now > delay else { return }
    // The next call goes on where this one has done enough.
    if !purge(olderThan: UInt(truncatingIfNeeded: now - delay)) { nextPurge = now }
  }

  /// Purges the largest runs until so many bytes are dirty. Takes the lock.
  func purge(downTo bytes: UInt) { locked { purgeLocked(downTo: bytes) } }

  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purgeLocked(downTo bytes: UInt) {
    assertLocked()
    while dirtyBytes > bytes, purgeKept(olderThan: UInt.max) {}
    if dirtyBytes > bytes { purgeQuarantine(olderThan: UInt.max) }
    while dirtyBytes > bytes, purgeKeptLone(olderThan: UInt.max) {}
    while dirtyBytes > bytes, purgeResting(olderThan: UInt.max) {}
    let isAnyRefused = purgeRuns(atMost: Int.max, downTo: bytes) { $0.pointee.dirty.largest }.isAnyRefused
    pointee.refused.store(isAnyRefused ? dirtyBytes : 0, ordering: .relaxed)
  }

  /// Purges the runs that became free at a time or before, at most 64. False if there are more. Takes the lock.
  @discardableResult func purge(olderThan stamp: UInt) -> Bool {
    locked {
      var count = 0
      while count < 64, purgeKept(olderThan: stamp) { count += 1 }
      purgeQuarantine(olderThan: stamp)
      while count < 64, purgeResting(olderThan: stamp) { count += 1 }
      while purgeKeptLone(olderThan: stamp) {}
      count += purgeRuns(atMost: 64 - count, downTo: 0, sparesDense: true) { $0.pointee.dirty.find(until: stamp) }.count
      // What is above the limit is tried again.
      pointee.refused.store(0, ordering: .relaxed)
      return count < 64
    }
  }

  /// Purges runs that are found in the segments. Those that the system refuses are put aside until the others are
  /// purged, and are due again after the delay. So are a few pages of a huge page that is otherwise in use, if such are
  /// to be spared. Returns how many runs there were, and whether any was refused.
  private func purgeRuns(
    atMost limit: Int, downTo bytes: UInt, sparesDense spares: Bool = false, _ find: (SegmentPointer) -> RunPointer?
  ) -> (count: Int, isAnyRefused: Bool) {
    var (refused, refusals) = (LinkedList<PageRun>(), 0)
    var count = 0
    while count < limit, refusals < 16, dirtyBytes > bytes, let run = takeDirty(find) {
      count += 1
      if spares, sparesDense(run) {
        refused.append(run)
        continue
      }
      purge(run)
      if run.pointee.isClean {
        segment(around: run.pointee.start)?.add(run)
      } else {
        refused.append(run)
        refusals += 1
      }
    }
    while let run = refused.first {
      refused.remove(run)
      dirtyBytes += run.bytes
      FreeRun(run).stamp = pointee.system.stamp
      segment(around: run.pointee.start)?.add(run)
    }
    return (count, refusals > 0)
  }

  /// Makes a dirty run that is found in a segment a busy one.
  private func takeDirty(_ find: (SegmentPointer) -> RunPointer?) -> RunPointer? {
    for index in 0..<pointee.segmentCount {
      guard let segment = pointee.segments[index], let run = find(segment) else { continue }
      segment.remove(run)
      run.pointee.kind = .busy
      dirtyBytes -= run.bytes
      return run
    }
    return nil
  }

  /// Purges a busy run, which is clean afterwards unless the system refuses.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purge(_ run: RunPointer) {
    assertLocked()
    release()
    let isPurged = pointee.system.purge(at: run.pointee.start, run.bytes)
    acquire()
    run.pointee.isClean = isPurged
    guard isPurged else { return }
    pointee.counts.purged += run.bytes
    refusePurged(run)
  }
}
