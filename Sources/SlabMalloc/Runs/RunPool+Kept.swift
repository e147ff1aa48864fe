/// The kept runs, see `KeptRuns`.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Keeps the run of a slab, all of whose slots were cleared, for the next slab.
  /// Requires: the lock of the run pool.
  func keep(slab run: RunPointer) {
    assertLocked()
    run.pointee.isClean = false
    beginKeeping(run)
    pointee.kept.slabs[KeptRuns.list(UInt(run.pointee.pages))].prepend(run)
  }

  /// A busy run of so many pages, all but the last committed, that reads as 0. For slabs alone: a dangling pointer into
  /// the slab that it was may still be written through.
  /// Requires: the lock of the run pool.
  func takeKeptSlab(_ pages: UInt) -> RunPointer? {
    assertLocked()
    let list = KeptRuns.list(pages)
    guard list < pointee.kept.slabs.count, let run = pointee.kept.slabs[list].first, UInt(run.pointee.pages) == pages
    else { return nil }
    pointee.kept.slabs[list].remove(run)
    endKeeping(run)
    return run
  }

  /// Puts the decommitted run of a freed large object into quarantine.
  /// Requires: the lock of the run pool.
  func quarantine(_ run: RunPointer, stamp: UInt) {
    assertLocked()
    guard UInt(run.pointee.pages) <= KeptRuns.largestPages else { return free(run, isClean: run.pointee.isClean) }
    quarantine(run, stamp, at: Int(truncatingIfNeeded: pointee.kept.random.next() % UInt64(pointee.kept.large.count)))
  }

  private func quarantine(_ run: RunPointer, _ stamp: UInt? = nil, at index: Int) {
    let other = pointee.kept.large[index]
    beginKeeping(run, stamp: stamp)
    pointee.kept.large[index] = run
    if let other { evict(other) }
  }

  /// Evicts everything from the quarantine.
  /// Requires: the lock of the run pool.
  func evictAll() {
    assertLocked()
    for index in 0..<pointee.kept.large.count {
      guard let run = pointee.kept.large[index] else { continue }
      pointee.kept.large[index] = nil
      evict(run)
    }
  }

  /// Frees a kept run that is out of reach.
  private func evict(_ run: RunPointer) {
    let stamp = FreeRun(run).stamp
    endKeeping(run)
    free(run, isClean: run.pointee.isClean, stamp: stamp)
  }

  /// Frees the run of one slab that is kept since a time or before. False if there is none.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purgeKept(olderThan stamp: UInt) -> Bool {
    assertLocked()
    for list in 0..<pointee.kept.slabs.count {
      guard pointee.kept.slabs[list].first != nil, let run = pointee.kept.slabs[list].last, FreeRun(run).stamp <= stamp
      else { continue }
      pointee.kept.slabs[list].remove(run)
      let stamp = FreeRun(run).stamp
      endKeeping(run)
      decommitUnlocked(run)
      free(run, isClean: run.pointee.isClean, stamp: stamp)
      return true
    }
    return false
  }

  /// Purges the runs of large objects that are kept since a time or before, and are dirty since the system refused to
  /// purge them.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purgeQuarantine(olderThan stamp: UInt) {
    assertLocked()
    for index in 0..<pointee.kept.large.count {
      guard let run = pointee.kept.large[index], !run.pointee.isClean, FreeRun(run).stamp <= stamp else { continue }
      pointee.kept.large[index] = nil
      endKeeping(run)
      purge(run)
      quarantine(run, at: index)
    }
  }

  /// Keeps a busy lone run for the next object. False if it is too large for that, or there is no place.
  /// Requires: the lock of the run pool.
  func keepLone(_ run: RunPointer) -> Bool {
    assertLocked()
    guard !isHardened, run.bytes <= pointee.options.retain else { return false }
    for index in 0..<pointee.kept.lone.count where pointee.kept.lone[index] == nil {
      run.pointee.isClean = false
      pointee.kept.lone[index] = run
      beginKeeping(run)
      return true
    }
    return false
  }

  /// A busy kept lone run of so many pages or few more, aligned. It is dirty. nil if there is none.
  /// Requires: the lock of the run pool.
  func takeKeptLone(_ pages: UInt, alignment: UInt) -> RunPointer? {
    assertLocked()
    for index in 0..<pointee.kept.lone.count {
      guard let run = pointee.kept.lone[index], run.pointee.start & (alignment - 1) == 0,
        case let has = UInt(run.pointee.pages), has >= pages, has <= pages + pages / 8
      else { continue }
      pointee.kept.lone[index] = nil
      endKeeping(run)
      return run
    }
    return nil
  }

  /// Unmaps a lone run that is kept since a time or before. False if there is none.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purgeKeptLone(olderThan stamp: UInt) -> Bool {
    assertLocked()
    for index in 0..<pointee.kept.lone.count {
      guard let run = pointee.kept.lone[index], FreeRun(run).stamp <= stamp else { continue }
      pointee.kept.lone[index] = nil
      endKeeping(run)
      pointee.counts.purged += run.bytes
      unmapLone(run)
      return true
    }
    return false
  }

  /// Unmaps all lone runs that are kept, since the system may lack what they have. False if there are none.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func unmapKeptLone() -> Bool {
    assertLocked()
    var isAnyUnmapped = false
    while purgeKeptLone(olderThan: UInt.max) { isAnyUnmapped = true }
    return isAnyUnmapped
  }

  func beginKeeping(_ run: RunPointer, stamp: UInt? = nil) {
    run.pointee.kind = .kept
    run.pointee.reciprocal = 0
    FreeRun(run).stamp = stamp ?? pointee.system.stamp
    if run.pointee.isClean {
      pointee.kept.cleanPages += UInt(run.pointee.pages)
    } else {
      pointee.kept.dirtyPages += UInt(run.pointee.pages)
      dirtyBytes += run.bytes
    }
  }

  func endKeeping(_ run: RunPointer) {
    run.pointee.kind = .busy
    if run.pointee.isClean {
      pointee.kept.cleanPages -= UInt(run.pointee.pages)
    } else {
      pointee.kept.dirtyPages -= UInt(run.pointee.pages)
      dirtyBytes -= run.bytes
    }
  }
}
