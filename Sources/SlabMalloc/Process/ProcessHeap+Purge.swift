/// Dirty runs go back to the system: after a delay, when more is dirty than may be, or when it is asked for.
///
/// There is no thread for it: whoever gives a run back, or opens a slab, looks at the clock.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// Purges what is due. Called without the lock.
  func purgeIfDue() {
    guard dirtyBytes > 0 else { return }
    let delay = UInt64(pointee.options.purgeDelay)
    let now = pointee.system.milliseconds()
    if dirtyBytes > pointee.options.retain || delay == 0 {
      // Half of it, so that the next run that comes back doesn't go at once.
      purge(downTo: delay == 0 ? 0 : pointee.options.retain / 2)
    }
    guard now >= nextPurge else { return }
    nextPurge = now + max(delay / 4, 1)
    guard now > delay else { return }
    purge(olderThan: UInt(truncatingIfNeeded: now - delay))
  }

  /// Purges the largest runs until so many bytes are dirty.
  func purge(downTo bytes: UInt) {
    locked { purgeLocked(downTo: bytes) }
  }

  func purgeLocked(downTo bytes: UInt) {
    while dirtyBytes > bytes, purgeKept(olderThan: UInt.max) {}
    while dirtyBytes > bytes, purgeOne({ $0.pointee.dirty.largest }) {}
  }

  /// Purges every run that became free before or at a time.
  func purge(olderThan stamp: UInt) {
    // Not all at once if there are many: the others are due next time.
    locked {
      var count = 0
      while count < 64, purgeKept(olderThan: stamp) { count += 1 }
      while count < 64, purgeOne({ $0.findDirty(until: stamp) }) { count += 1 }
    }
  }

  /// Purges one run that is found in a reserve; false if there is none, or the system refuses. The lock is held, but not while the
  /// system is asked.
  private func purgeOne(_ find: (SegmentPointer) -> RunPointer?) -> Bool {
    for index in 0..<pointee.reserveCount {
      guard let reserve = pointee.reserves[index], !reserve.pointee.isLone, let run = find(reserve) else { continue }
      reserve.remove(run)
      run.pointee.kind = .busy
      dirtyBytes -= run.bytes
      purge(run)
      if !run.pointee.isClean { dirtyBytes += run.bytes }
      let isPurged = run.pointee.isClean
      reserve.addFree(run)
      return isPurged
    }
    return false
  }

  /// Takes a busy run's memory away, so that it is clean, unless the system refuses. The lock is held, but not while the system
  /// is asked.
  func purge(_ run: RunPointer) {
    release()
    let isPurged =
      pointee.system.purge(UnsafeMutableRawPointer(bitPattern: run.pointee.start).unsafelyUnwrapped, Int(run.bytes))
      == 0
    acquire()
    run.pointee.isClean = isPurged
    if isPurged { pointee.counts.purged += run.bytes }
  }

  /// Gives everything back now that nothing uses, and a heap's idle slabs. Returns the bytes. Called without the lock.
  func purgeAll(of heap: HeapPointer? = nil) -> UInt {
    let before = locked { pointee.counts.purged }
    if let heap, heap.isInitialized {
      if isHardened { heap.endQuarantine() }
      heap.trim()
    }
    purge(downTo: 0)
    return locked { pointee.counts.purged } - before
  }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Looks at the clock, now and then: on the way to another word or slab, and when a slab or a large object goes.
  @inline(__always) func tick() {
    pointee.ticks &+= 1
    if pointee.ticks & 15 == 0 { trimIfDue() }
  }

  @inline(never) private func trimIfDue() {
    let process = pointee.process
    process.purgeIfDue()
    let now = process.pointee.system.milliseconds()
    guard now >= pointee.nextTrim else { return }
    pointee.nextTrim = now + UInt64(process.pointee.options.purgeDelay)
    trim()
  }

  /// Gives back current slabs of which nothing is used.
  func trim() {
    for index in 0..<SizeClass.count { bin(index).trim() }
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Gives back the current slab if nothing of it is used, and its memory at once: the next slab is likely to get the same run, and
  /// would keep what memory it has.
  fileprivate func trim() {
    guard let slab = pointee.current, slab.pointee.used == 1 else { return }
    unlist(slab)
    guard slab.pass(from: pointee.heap, to: .noSlab) else { return place(slab) }
    dropReady(of: slab)
    let process = pointee.heap.pointee.process
    let (start, bytes) = (slab.pointee.start, slab.bytes)
    let isPurged =
      process.pointee.system.purge(UnsafeMutableRawPointer(bitPattern: start).unsafelyUnwrapped, Int(bytes)) == 0
    if isPurged { process.locked { process.pointee.counts.purged += bytes } }
    destroy(slab, isClean: isPurged)
  }
}

extension UnsafeMutablePointer where Pointee == Segment {
  /// A dirty run that became free before or at a time.
  fileprivate func findDirty(until stamp: UInt) -> RunPointer? {
    var lists = pointee.dirty.notEmpty
    while lists != 0 {
      var candidate = pointee.dirty.lists[lists.trailingZeroBitCount].first
      while let run = candidate {
        if run.pointee.stamp <= stamp { return run }
        candidate = run.pointee.next
      }
      lists &= lists - 1
    }
    return nil
  }
}
