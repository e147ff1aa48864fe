/// Lone runs: mapped, moved, and unmapped, all of it without the lock. See `LoneRun`.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Runs from this size on are lone, 32 MiB or 8 MiB; none in a pool with a source.
  var leastLonePages: UInt {
    if pointee.source != nil { return UInt.max }
    return isHardened ? LoneRun.leastHardenedPages : LoneRun.leastPages
  }

  /// A busy lone run, committed unless the process is hardened. nil if the system has no more memory.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeLoneRun(_ pages: UInt, alignment: UInt) -> RunPointer? {
    assertLocked()
    guard pointee.source == nil else { return nil }
    if let run = takeKeptLone(pages, alignment: alignment) { return run }
    guard let block = takeMetadata(lines: LoneRun.lines) else { return nil }
    release()
    let place = mapLone(pages << PageRun.pageShift, alignment, offset: 0)
    acquire()
    guard let place else {
      freeMetadata(block, lines: LoneRun.lines)
      return nil
    }
    let run = RunPointer.at(block)
    run.setFirst(start: place.start, pages: pages)
    run.pointee.isLone = true
    run.pointee.isClean = true
    run.lone.pointee.mapping = place.mapping
    addLone(run)
    return run
  }

  /// Frees a busy lone run: it is kept, or unmapped.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func freeLone(_ run: RunPointer) {
    assertLocked()
    if !keepLone(run) { unmapLone(run) }
  }

  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func unmapLone(_ run: RunPointer) {
    assertLocked()
    removeLone(run)
    pointee.lone.rememberEnded(run.pointee.start)
    _ = leaveIsland(run)
    let (mapping, end) = (run.lone.pointee.mapping, run.endAddress)
    release()
    unmapLone(from: mapping, to: end)
    acquire()
    freeMetadata(run.address, lines: LoneRun.lines)
  }

  /// Extends a large object's lone run to so many pages where it is. False if other mappings are in the way, or the
  /// system refuses. Without the lock: the run is the caller's.
  func extendLone(_ run: RunPointer, to pages: UInt) -> Bool {
    // Behind the pages of a hardened run lies a guard, which would have to go first.
    guard !isHardened else { return false }
    return pointee.system.remap(at: run.pointee.start, run.bytes, pages << PageRun.pageShift, to: nil)
  }

  /// Moves a busy lone run, which was taken out of the tree, to a place with room for so many pages. False if that
  /// can't be: nothing has changed. Without the lock.
  /// - Parameters:
  ///   - usable: bytes that are committed.
  ///   - newUsable: bytes that are committed afterwards.
  func moveLone(_ run: RunPointer, to pages: UInt, usable: UInt, newUsable: UInt) -> Bool {
    let (old, end) = (run.pointee.start, run.endAddress)
    // The offset in a large page stays: whole page tables move, not their entries.
    let (bytes, offset) = (pages << PageRun.pageShift, old % PageSize.large.size)
    guard let place = mapLone(bytes, PageSize.large.size, offset: offset, commits: false) else {
      return !isHardened && moveLone(run, toAnyPlace: newUsable)
    }
    // What a hardened run grows by is committed before, since nothing may fail behind the move.
    let isGrown = !isHardened || pointee.system.commit(at: place.start + usable, newUsable - usable)
    guard isGrown, pointee.system.remap(at: old, usable, isHardened ? usable : newUsable, to: place.start) else {
      pointee.system.unmap(at: place.mapping, place.start + bytes - place.mapping)
      return false
    }
    // What is left of the old mapping: its guards.
    let mapping = run.lone.pointee.mapping
    if mapping < old { pointee.system.unmap(at: mapping, old - mapping) }
    if old + usable < end { pointee.system.unmap(at: old + usable, end - old - usable) }
    run.lone.pointee.mapping = place.mapping
    run.pointee.start = place.start
    return true
  }

  /// Moves a lone run without guards to a place that the system chooses. A limit on address space leaves room for the
  /// pages that come, but not for a second place.
  private func moveLone(_ run: RunPointer, toAnyPlace bytes: UInt) -> Bool {
    guard let start = pointee.system.remapAnywhere(from: run.pointee.start, run.bytes, bytes) else { return false }
    run.lone.pointee.mapping = start
    run.pointee.start = start
    return true
  }

  /// Unmaps the pages of a lone run above so many. Without the lock: the run is the caller's.
  func unmapLone(_ run: RunPointer, above pages: UInt) {
    unmapLone(from: run.pointee.start + pages << PageRun.pageShift, to: run.endAddress)
  }

  /// Notes how many pages a lone run has now, after it was extended or before it is shrunk. Returns by how many bytes
  /// it changed.
  /// Requires: the lock of the run pool.
  func setLonePages(_ run: RunPointer, _ pages: UInt) -> Int {
    assertLocked()
    let change = (Int(pages) - Int(run.pointee.pages)) << Int(PageRun.pageShift)
    pointee.lone.count(change)
    if change > 0 { pointee.counts.taken += UInt(change) } else { pointee.counts.givenBack += UInt(-change) }
    run.pointee.pages = UInt32(pages)
    return change
  }

  /// Lets looks at addresses find a lone run, which is held from now on.
  /// Requires: the lock of the run pool.
  func addLone(_ run: RunPointer) {
    assertLocked()
    pointee.lone.add(run)
    pointee.counts.taken += run.bytes
  }

  /// Requires: the lock of the run pool.
  func removeLone(_ run: RunPointer) {
    assertLocked()
    pointee.lone.remove(run)
    pointee.counts.givenBack += run.bytes
  }

  /// Maps so many bytes, with a guard before them in a hardened process. The start has this offset from a multiple of
  /// the alignment.
  private func mapLone(
    _ bytes: UInt, _ alignment: UInt, offset: UInt, commits: Bool = true
  ) -> (mapping: UInt, start: UInt)? {
    let system = pointee.system
    let guardBytes = isHardened && hasIslandsLeft ? PageRun.pageSize : 0
    // The system aligns to its own pages.
    let spare = alignment > UInt(system.pageSize) ? alignment : 0
    let all = guardBytes + bytes + spare
    guard let reserved = system.reserve(Int(all)) else { return nil }
    let first = UInt(bitPattern: reserved)
    let start = spare == 0 ? first + guardBytes : roundUp(first + guardBytes - offset, to: alignment) + offset
    let (mapping, end) = (start - guardBytes, start + bytes)
    // No more than what is needed stays: neighbours become one mapping for the system, which limits their number.
    if first < mapping { system.unmap(at: first, mapping - first) }
    if end < first + all { system.unmap(at: end, first + all - end) }
    guard !isHardened, commits else { return (mapping, start) }
    guard system.commit(at: start, bytes) else {
      system.unmap(at: mapping, end - mapping)
      return nil
    }
    return (mapping, start)
  }

  /// Unmaps memory. Its pages go in pieces before, since no other thread of the process can map anything while the
  /// system unmaps. A piece becomes larger as long as none takes a while, which one does that was touched.
  private func unmapLone(from start: UInt, to end: UInt) {
    let (least, most): (UInt, UInt) = (16 << 20, 128 << 20)
    var (next, piece) = (start, least)
    var now = pointee.system.milliseconds()
    while end - next > piece {
      _ = pointee.system.purge(at: next, piece)
      next += piece
      let before = now
      now = pointee.system.milliseconds()
      piece = now == before ? min(2 * piece, most) : least
    }
    pointee.system.unmap(at: start, end - start)
  }
}
