/// Visits to partial slabs, see `IdlePages`. Owner: only the heap's thread runs these. They take the lock of the run
/// pool.
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Purges idle pages where it is time.
  @inline(__always) func purgeIdleIfDue(_ now: UInt64) {
    if now >= pointee.idle.next, mayPurgeIdle { purgeIdle(now) }
  }

  @inline(never) private func purgeIdle(_ now: UInt64) {
    let delay = UInt64(pool.runs.pointee.options.purgeDelay) * IdlePages.delays
    let earned = min(now - pointee.idle.last, UInt64(IdlePages.calls)) * IdlePages.callsEachMillisecond
    let calls = min(Int(pointee.idle.calls) + Int(earned), IdlePages.calls)
    var visit = IdleVisit(
      time: now, delay: delay, leastPages: IdlePages.leastPages, slabs: IdlePages.slabs, calls: calls)
    visitSlabs(&visit)
    pointee.idle.last = now
    pointee.idle.next =
      now + (visit.isAtLimit ? IdlePages.pause : min(max(delay / 4, IdlePages.pause), IdlePages.longest))
    pointee.idle.calls = UInt32(max(visit.calls, 0))
  }

  /// Purges all idle pages now.
  func purgeIdle() {
    guard mayPurgeIdle else { return }
    var visit = IdleVisit.onRequest(pool.runs.pointee.system.milliseconds())
    visitSlabs(&visit)
  }

  /// Memory of a source is never purged.
  private var mayPurgeIdle: Bool { !pool.isHardened && pool.runs.pointee.source == nil }

  private func visitSlabs(_ visit: inout IdleVisit) {
    let first = UInt(pointee.idle.bin)
    for step in 0..<SizeClass.count {
      let index = (first + step) % SizeClass.count
      bin(index).visitPartial(&visit)
      if visit.isAtLimit { return pointee.idle.bin = UInt8(truncatingIfNeeded: index) }
    }
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Visits partial slabs from the first one on, and moves each to the end of the list.
  fileprivate func visitPartial(_ visit: inout IdleVisit) {
    guard let last = pointee.partial.last else { return }
    while !visit.isAtLimit, let slab = pointee.partial.removeFirst() {
      pointee.partial.append(slab)
      visit.slabs -= 1
      if slab.isIdle(visit) { pointee.heap.pool.runs.purgeIdle(of: slab, &visit) }
      if slab == last { return }
    }
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Whether the slab's idle pages are to be purged at this visit, which it notes.
  fileprivate func isIdle(_ visit: IdleVisit) -> Bool {
    let (available, tally) = (pointee.available, IdleTally(bits: pointee.tally))
    guard let delay = visit.delay else { return true }
    guard tally.saw(available) else {
      pointee.tally = IdleTally(available, at: visit.time).bits
      return false
    }
    guard !tally.isPurged, available >= UInt32(pointee.slotCount) / 2, tally.age(at: visit.time) >= delay
    else { return false }
    pointee.tally = IdleTally(available, at: visit.time, isPurged: true).bits
    return true
  }

  /// The next idle pages of a slab: from a slot on, which becomes the one behind them. nil if there are none.
  /// - Parameters:
  ///   - page: bytes of a page of the system.
  ///   - least: how many of these there must be.
  fileprivate func idlePages(from slot: inout UInt, _ page: UInt, atLeast least: UInt) -> Range<UInt>? {
    let (count, size) = (UInt(pointee.slotCount), UInt(pointee.slotSize))
    while slot < count {
      let first = nextSlot(from: slot, isAvailable: true)
      slot = nextSlot(from: first, isAvailable: false)
      let start = roundUp(pointee.start + first * size, to: page)
      let end = (slot == count ? endAddress : pointee.start + slot * size) / page * page
      if start + least * page <= end { return start..<end }
    }
    return nil
  }

  /// The first slot, from one on, that is available, or that is not. The number of slots if there is none.
  private func nextSlot(from slot: UInt, isAvailable: Bool) -> UInt {
    let count = UInt(pointee.slotCount)
    var (word, mask) = (slot / 64, ~lowBits(slot % 64))
    while word * 64 < count {
      let bits = (isAvailable ? pointee.words[Int(word)] : ~pointee.words[Int(word)]) & mask
      if bits != 0 { return min(word * 64 + UInt(bits.trailingZeroBitCount), count) }
      (word, mask) = (word + 1, UInt64.max)
    }
    return count
  }
}

extension UnsafeMutablePointer where Pointee == RunPool {
  /// Purges the idle pages of a slab that the caller owns. A huge page is split where they are half of the slab.
  fileprivate func purgeIdle(of slab: RunPointer, _ visit: inout IdleVisit) {
    let page = UInt(pointee.system.pageSize)
    var (slot, idle): (UInt, UInt) = (0, 0)
    while let pages = slab.idlePages(from: &slot, page, atLeast: visit.leastPages) { idle += UInt(pages.count) }
    guard idle > 0, idle >= slab.bytes / 2 || !locked({ isHuge(slab) }) else { return }
    (slot, idle) = (0, 0)
    while let pages = slab.idlePages(from: &slot, page, atLeast: visit.leastPages) {
      visit.calls -= 1
      if pointee.system.purge(at: pages.lowerBound, UInt(pages.count)) { idle += UInt(pages.count) }
    }
    guard idle > 0 else { return }
    locked {
      pointee.counts.purged += idle
      refusePurged(slab)
    }
  }
}
