import Synchronization

/// Guard pages: a hardened process commits only what slabs, large objects and metadata use.
///
///     | slab ........ | guard | free | large object ....... | rest | guard | free |
///                      \____________/                        \___________________/  faults
///
/// A run has one page more than was asked for. This last page is never committed, and free runs are decommitted. An
/// access past the end or before the start of a run therefore faults, and so does an access to a freed large object.
///
/// If the system refuses to decommit memory, it stays accessible. A program may then write to it after it was purged,
/// and it no longer reads as 0. From the first refusal on, memory is purged once more before it is reused.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// A run as `takeRun` gives it, with so many usable pages. In a hardened process it reads as 0. nil if the system has
  /// no more memory.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeGuardedRun(_ pages: UInt) -> RunPointer? {
    assertLocked()
    guard isHardened else { return takeRun(pages) }
    guard let run = takeRun(pages + 1) else { return nil }
    guard commit(run, pages << PageRun.pageShift) else {
      free(run, isClean: run.pointee.isClean)
      return nil
    }
    if !run.pointee.isClean { ZeroMemory.clear(run.pointee.start, pages << PageRun.pageShift) }
    return run
  }

  /// Commits the first bytes of a run that `takeRun` gave to a hardened process. If the run is dirty, they must be
  /// cleared. False if the system refuses.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func commit(_ run: RunPointer, _ bytes: UInt) -> Bool {
    assertLocked()
    if !pointee.system.commit(at: run.pointee.start, bytes), !commitWithGuardBefore(run, bytes) {
      // A limit on committed memory. The kept runs of slabs count towards it.
      while purgeKept(olderThan: UInt.max) {}
      guard pointee.system.commit(at: run.pointee.start, bytes) else { return false }
    }
    run.pointee.isGuarded = true
    if run.pointee.isClean { run.pointee.isClean = isStillClean(run.pointee.start, bytes) }
    return true
  }

  /// Commits a run together with all that lies between it and the memory of the run before. The number of the system's
  /// mappings is limited, and this needs no new one; the guard page between both is given up.
  ///
  ///     | large object .... | rest | guard | this run |
  ///                         start           \_________ bytes from here on
  private func commitWithGuardBefore(_ run: RunPointer, _ bytes: UInt) -> Bool {
    guard let segment = segment(around: run.pointee.start), run.pointee.start > segment.pointee.base else {
      return false
    }
    let before = segment.run(run.pointee.start - 1)
    let start: UInt
    switch before.pointee.kind {
    case .slab, .metadata: start = before.pointee.start + before.usableBytes
    case .large:
      start = before.pointee.start + LargeObject(before).size
      // Its object may overflow into the rest, and grow into it later.
      before.pointee.isClean = false
    case .unused, .free, .kept, .busy: return false
    }
    return pointee.system.commit(at: start, run.pointee.start + bytes - start)
  }

  /// Decommits a run of a hardened process, or its end from an address on. If the system refuses, the memory stays
  /// accessible. With or without the lock.
  func decommit(_ run: RunPointer, from start: UInt? = nil) {
    let start = start ?? run.pointee.start
    guard !pointee.system.decommit(at: start, run.endAddress - start) else { return }
    pointee.hasUndecommitted.store(1, ordering: .relaxed)
  }

  /// Whether memory that was clean when it was last purged still is. With or without the lock.
  private func isStillClean(_ address: UInt, _ bytes: UInt) -> Bool {
    guard pointee.hasUndecommitted.load(ordering: .relaxed) != 0 else { return true }
    return pointee.system.purge(at: address, bytes)
  }

  /// Commits so many bytes of a large object's run and decommits the rest. False if the system refuses. Without the
  /// lock.
  func recommit(_ object: LargeObject, _ bytes: UInt) -> Bool {
    let run = object.run
    let (old, end) = (object.size, run.pointee.start + object.size)
    if bytes == old { return true }
    if bytes < old {
      run.pointee.isClean = false
      decommit(run, from: run.pointee.start + bytes)
      return true
    }
    guard pointee.system.commit(at: end, bytes - old) else { return false }
    if !run.pointee.isClean || !isStillClean(end, bytes - old) { ZeroMemory.clear(end, bytes - old) }
    return true
  }
}
