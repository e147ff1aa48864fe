/// The kept runs of a hardened process, see `KeptRuns`.
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
  func quarantine(_ run: RunPointer) {
    assertLocked()
    run.pointee.isClean = false
    guard UInt(run.pointee.pages) <= KeptRuns.largestPages else { return free(run) }
    quarantine(run, at: Int(truncatingIfNeeded: pointee.kept.random.next() % UInt64(pointee.kept.large.count)))
  }

  private func quarantine(_ run: RunPointer, at index: Int) {
    let other = pointee.kept.large[index]
    beginKeeping(run)
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

  /// Handles one dirty run that is kept since a time or before: a slab's run becomes free, a large object's run is
  /// purged. False if there is none, or the system refuses.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purgeKept(olderThan stamp: UInt) -> Bool {
    assertLocked()
    for list in 0..<pointee.kept.slabs.count {
      guard pointee.kept.slabs[list].first != nil, let run = pointee.kept.slabs[list].last, FreeRun(run).stamp <= stamp
      else { continue }
      pointee.kept.slabs[list].remove(run)
      decommit(run)
      evict(run)
      return true
    }
    for index in 0..<pointee.kept.large.count {
      guard let run = pointee.kept.large[index], !run.pointee.isClean, FreeRun(run).stamp <= stamp else { continue }
      pointee.kept.large[index] = nil
      endKeeping(run)
      purge(run)
      quarantine(run, at: index)
      return run.pointee.isClean
    }
    return false
  }

  private func beginKeeping(_ run: RunPointer) {
    run.pointee.kind = .kept
    run.pointee.reciprocal = 0
    FreeRun(run).stamp = pointee.system.stamp
    if run.pointee.isClean {
      pointee.kept.cleanPages += UInt(run.pointee.pages)
    } else {
      pointee.kept.dirtyPages += UInt(run.pointee.pages)
      dirtyBytes += run.bytes
    }
  }

  private func endKeeping(_ run: RunPointer) {
    run.pointee.kind = .busy
    if run.pointee.isClean {
      pointee.kept.cleanPages -= UInt(run.pointee.pages)
    } else {
      pointee.kept.dirtyPages -= UInt(run.pointee.pages)
      dirtyBytes -= run.bytes
    }
  }
}
