import Synchronization

/// Guard pages: a hardened process commits only what slabs, large objects and metadata use.
///
///     | slab ........ | guard | free | large object ....... | rest | guard | free |
///                      \____________/                        \___________________/  faults
///
/// A run has one page more than was asked for. This last page is never committed, and free runs are decommitted. An
/// access past the end or before the start of a run therefore faults, and so does an access to a freed large object.
///
/// A large object that is freed loses its memory at once: it is purged, and not cleared for the next. Purging is cheap
/// where little was touched, and it makes no page resident. It is purged once more before it is committed again, since
/// a thread may write to it between the purge and the decommit.
///
/// If the system refuses to decommit memory, it stays accessible until it is reused.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// A run as `takeRun` gives it, with so many usable pages. In a hardened process it reads as 0. nil if the system has
  /// no more memory.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeGuardedRun(_ pages: UInt) -> RunPointer? {
    assertLocked()
    guard isHardened else { return takeRun(pages) }
    return takeRun(pages + 1, committing: pages << PageRun.pageShift)
  }

  /// The same for so many bytes, which share the run with nothing else: its guard is what the last page has left, if
  /// that is a page of the system.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeGuardedRun(bytes: UInt) -> RunPointer? {
    assertLocked()
    let unit = UInt(pointee.system.pageSize)
    let used = roundUp(bytes, to: unit)
    guard isHardened else { return takeRun(roundUp(used, to: PageRun.pageSize) >> PageRun.pageShift) }
    let run = takeRun(roundUp(used + unit, to: PageRun.pageSize) >> PageRun.pageShift, committing: used)
    // All its pages are in use.
    run?.pointee.isGuarded = false
    return run
  }

  /// A run of a hardened process, whose first bytes are committed and read as 0.
  private func takeRun(_ pages: UInt, committing bytes: UInt) -> RunPointer? {
    guard let run = takeRun(pages) else { return nil }
    guard commit(run, bytes) else {
      free(run, isClean: run.pointee.isClean)
      return nil
    }
    if !run.pointee.isClean { ZeroMemory.clear(run.pointee.start, bytes) }
    return run
  }

  /// Commits the first bytes of a run that `takeRun` gave to a hardened process, and purges it before. If the run is
  /// dirty afterwards, since the system refused to purge it, they must be cleared. False if the system refuses.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func commit(_ run: RunPointer, _ bytes: UInt) -> Bool {
    assertLocked()
    let system = pointee.system
    // Without islands left a lone run has no guards: it may be one with its neighbours.
    let bytes = run.pointee.isLone && !hasIslandsLeft ? run.bytes : bytes
    // Others may take runs around it meanwhile, but not this one.
    release()
    // A lone run is new.
    if !run.pointee.isLone { run.pointee.isClean = system.purge(at: run.pointee.start, run.bytes) }
    acquire()
    if !hasIslandsLeft, commitBridge(run, bytes) { return true }
    release()
    let isCommitted = system.commit(at: run.pointee.start, bytes)
    acquire()
    if !isCommitted {
      if commitBridge(run, bytes) { return true }
      // A limit on committed memory. The kept runs of slabs count towards it.
      while purgeKept(olderThan: UInt.max) {}
      guard system.commit(at: run.pointee.start, bytes) else { return false }
    }
    noteIsland(run)
    run.pointee.isGuarded = true
    return true
  }

  /// Decommits the run of a freed large object, and purges it. It is clean afterwards unless the system refuses.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func decommitPurged(_ run: RunPointer) {
    assertLocked()
    // First: without pages there is nothing to invalidate in the TLBs.
    purge(run)
    decommitUnlocked(run)
  }

  /// Decommits a busy run, during which no other thread waits for the lock; but for one with bridges around it.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func decommitUnlocked(_ run: RunPointer) {
    assertLocked()
    if pointee.hasBridges { return decommit(run) }
    _ = leaveIsland(run)
    release()
    _ = pointee.system.decommit(at: run.pointee.start, run.bytes)
    acquire()
  }

  /// Decommits the run of a slab or of metadata. If the system refuses, the memory stays accessible.
  /// Requires: the lock of the run pool.
  func decommit(_ run: RunPointer) {
    assertLocked()
    guard let memory = leaveIsland(run) else { return }
    _ = pointee.system.decommit(at: memory.start, memory.end - memory.start)
  }

  /// Commits so many bytes of a large object's run and decommits the rest. False if the system refuses. Without the
  /// lock.
  func recommit(_ object: LargeObject, _ bytes: UInt) -> Bool {
    let run = object.run
    let (old, end) = (object.size, run.pointee.start + object.size)
    if bytes == old { return true }
    if bytes < old {
      run.pointee.isClean = false
      guard locked({ splitIsland(behind: run) }) else { return true }
      _ = pointee.system.decommit(at: run.pointee.start + bytes, run.endAddress - run.pointee.start - bytes)
      return true
    }
    let isPurged = pointee.system.purge(at: end, bytes - old)
    guard pointee.system.commit(at: end, bytes - old) else { return false }
    if !isPurged { ZeroMemory.clear(end, bytes - old) }
    return true
  }
}
