/// Page runs for all heaps. The lock is held, unless it says otherwise.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// A busy run of so many pages. Its memory reads as 0 if it is clean. Nil if the system has no more; before that, the lock
  /// may be released for a while.
  func takeRun(_ pages: UInt) -> RunPointer? {
    if let run = takeFreeRun(pages) ?? grow(pages) ?? takeFromNewReserve(pages) { return run }
    // Dirty and clean neighbours merge when both are clean.
    purgeLocked(downTo: 0)
    endQuarantine()
    if let run = takeFreeRun(pages) { return run }
    return unmapFreePages() ? takeFromNewReserve(pages) : nil
  }

  private func takeFreeRun(_ pages: UInt) -> RunPointer? {
    for index in 0..<pointee.reserveCount {
      guard let reserve = pointee.reserves[index], !reserve.pointee.isLone else { continue }
      if let run = reserve.take(pages) {
        if !run.pointee.isClean { dirtyBytes -= run.bytes }
        return run
      }
    }
    return nil
  }

  /// Makes more of the reserves usable.
  private func grow(_ pages: UInt) -> RunPointer? {
    for index in 0..<pointee.reserveCount {
      guard let reserve = pointee.reserves[index], !reserve.pointee.isLone,
        let run = reserve.grow(pages, pointee.system, isUsable: !isHardened)
      else { continue }
      pointee.counts.taken += run.bytes
      publish()
      // With what was left when it grew before.
      reserve.addFree(run)
      return reserve.take(pages)
    }
    return nil
  }

  /// What every deallocation reads: after a page is usable, and before anybody has a pointer to it.
  private func publish() {
    guard let first = pointee.reserves[0] else { return }
    base = first.pointee.base
    table = first.pointee.table
    extent = first.pointee.limit - first.pointee.base
  }

  private func takeFromNewReserve(_ pages: UInt) -> RunPointer? {
    // Where address space is left, memory is what the system refuses.
    if hasRoom(pages) { return nil }
    return makeReserve(pages) ? grow(pages) : takeLoneRun(pages)
  }

  private func hasRoom(_ pages: UInt) -> Bool {
    for index in 0..<pointee.reserveCount {
      if let reserve = pointee.reserves[index], !reserve.pointee.isLone, reserve.pagesLeft >= pages { return true }
    }
    return false
  }

  /// Reserves address space: a lot for the first time, less if the system refuses (an address space limit), then ever more as
  /// more is held.
  func makeReserve(_ pages: UInt) -> Bool {
    if pointee.reserveCount == 0 {
      var bytes = pointee.options.reserve
      while bytes >= 16 << 30 {
        if pages <= bytes >> PageRun.pageShift, makeReserve(capacity: bytes >> PageRun.pageShift) != nil { return true }
        bytes /= 4
      }
    }
    var bytes = max(4 << 20, min(64 << 20, pointee.options.reserve))
    while bytes < (pointee.counts.taken - pointee.counts.givenBack) / 2 { bytes *= 2 }
    while bytes >= 4 << 20 {
      if pages <= bytes >> PageRun.pageShift, makeReserve(capacity: bytes >> PageRun.pageShift) != nil { return true }
      bytes /= 2
    }
    return false
  }

  /// A run in a reserve of its own, which goes when the run does: nobody else may take pages of it.
  func takeLoneRun(_ pages: UInt) -> RunPointer? {
    // The first reserve is the one that every deallocation looks at.
    guard pointee.reserveCount > 0 || makeReserve(1),
      let reserve = makeReserve(capacity: pages, isLone: true)
    else { return nil }
    guard let run = reserve.grow(pages, pointee.system, isUsable: !isHardened) else {
      unmap(reserve)
      return nil
    }
    pointee.counts.taken += run.bytes
    reserve.pointee.loneRun = run
    return run
  }

  private func makeReserve(capacity: UInt, isLone: Bool = false) -> SegmentPointer? {
    guard let index = freeReserveIndex,
      let reserve = SegmentPointer.make(capacity, isLone: isLone, pointee.system)
    else { return nil }
    pointee.reserves[index] = reserve
    if index == pointee.reserveCount { pointee.reserveCount += 1 }
    return reserve
  }

  private var freeReserveIndex: Int? {
    for index in 0..<pointee.reserveCount where pointee.reserves[index] == nil { return index }
    return pointee.reserveCount < ProcessHeap.maxReserves ? pointee.reserveCount : nil
  }

  /// Takes back a run of which nothing is used. Called without the lock; it may purge.
  func giveBack(_ run: RunPointer) {
    acquire()
    addFree(run)
    release()
    purgeIfDue()
  }

  /// A run that is busy becomes free. In a hardened process it was closed, or never opened.
  func addFree(_ run: RunPointer, isClean: Bool = false, stamp: UInt? = nil) {
    guard let reserve = reserve(around: run.pointee.start) else { return }
    if reserve.pointee.isLone { return unmap(reserve) }
    run.pointee.isClean = isClean
    run.pointee.stamp = stamp ?? pointee.system.stamp
    if !isClean { dirtyBytes += run.bytes }
    reserve.release(run)
  }

  /// Gives address space back that is cut up into reserves of which every page is free: together it may be enough. The
  /// table stays. False if there is none.
  private func unmapFreePages() -> Bool {
    var isAnyUnmapped = false
    for index in 1..<max(pointee.reserveCount, 1) {
      guard let reserve = pointee.reserves[index], let run = reserve.onlyFreeRun else { continue }
      reserve.remove(run)
      if !run.pointee.isClean { dirtyBytes -= run.bytes }
      pointee.reserves[index] = nil
      pointee.counts.givenBack += run.bytes
      let end = reserve.pointee.mapping + reserve.pointee.mappingBytes
      _ = pointee.system.unmap(
        UnsafeMutableRawPointer(bitPattern: run.pointee.start).unsafelyUnwrapped, Int(end - run.pointee.start))
      isAnyUnmapped = true
    }
    return isAnyUnmapped
  }

  private func unmap(_ reserve: SegmentPointer) {
    for index in 0..<pointee.reserveCount where pointee.reserves[index] == reserve { pointee.reserves[index] = nil }
    pointee.counts.givenBack += reserve.pointee.limit - reserve.pointee.base
    _ = pointee.system.unmap(
      UnsafeMutableRawPointer(bitPattern: reserve.pointee.mapping).unsafelyUnwrapped,
      Int(reserve.pointee.mappingBytes))
  }

  func count(slabBytes: Int = 0, largeBytes: Int = 0) {
    pointee.counts.slabs = UInt(bitPattern: Int(bitPattern: pointee.counts.slabs) + slabBytes)
    pointee.counts.large = UInt(bitPattern: Int(bitPattern: pointee.counts.large) + largeBytes)
    let used = pointee.counts.slabs + pointee.counts.large
    if used > pointee.counts.peak { pointee.counts.peak = used }
  }
}
