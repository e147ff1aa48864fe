/// Page runs: taken from segments, and given back.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// A busy run of so many pages. It reads as 0 if it is clean. nil if the system has no more memory.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeRun(_ pages: UInt) -> RunPointer? {
    assertLocked()
    guard let run = takeAnyRun(pages) else { return nil }
    if run.beginsHugePage { adviseAhead(of: run) }
    return run
  }

  /// A busy run of so many pages for a large object, which starts at a multiple of the alignment, a power of two.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeRun(_ pages: UInt, alignment: UInt) -> RunPointer? {
    assertLocked()
    let spare = alignment > PageRun.pageSize ? (alignment >> PageRun.pageShift) - 1 : 0
    guard pages + spare < 1 << 31 else { return nil }
    if pages + spare >= leastLonePages {
      if let run = takeLoneRun(pages, alignment: alignment) { return run }
      if unmapKeptLone(), let run = takeLoneRun(pages, alignment: alignment) { return run }
      // Where the system refuses a mapping, the segments may have room.
      let (_, dirty, clean) = self.pages
      guard dirty + clean >= (pages + spare) << PageRun.pageShift else { return nil }
    }
    guard let run = takeAnyRun(pages + spare, isCut: spare > 0) else { return takeLoneRun(pages, alignment: alignment) }
    return spare > 0 ? align(run, alignment, pages) : run
  }

  /// A free run, where none is long enough. Runs that are cut to an alignment leave dirty pieces between clean ones,
  /// which do not merge: they are purged once they have twice what is wanted. Otherwise each would take pages of its
  /// own.
  private func takeMergedRun(_ pages: UInt) -> RunPointer? {
    guard dirtyBytes >> PageRun.pageShift > 2 * pages else { return nil }
    purgeLocked(downTo: 0)
    return takeFreeRun(pages)
  }

  private func takeAnyRun(_ pages: UInt, isCut: Bool = false) -> RunPointer? {
    if let run = takeFreeRun(pages) { return run }
    if isCut, let run = takeMergedRun(pages) { return run }
    if let run = grow(pages) ?? takeFromNewSegment(pages) { return run }
    if unmapKeptLone(), let run = grow(pages) ?? takeFromNewSegment(pages) { return run }
    // Dirty and clean neighbours merge once both are clean.
    purgeLocked(downTo: 0)
    evictAll()
    if let run = takeFreeRun(pages) { return run }
    return unmapFreeSegments() ? takeFromNewSegment(pages) : nil
  }

  /// Frees a busy run. In a hardened process it was decommitted, or never committed.
  /// Requires: the lock of the run pool. Releases the lock meanwhile if the run is lone.
  func free(_ run: RunPointer, isClean: Bool = false, stamp: UInt? = nil) {
    assertLocked()
    if run.pointee.isLone { return freeLone(run) }
    guard let segment = segment(around: run.pointee.start) else { return }
    run.pointee.isClean = isClean
    FreeRun(run).stamp = stamp ?? pointee.system.stamp
    if !isClean { dirtyBytes += run.bytes }
    segment.free(run)
  }

  private func takeFreeRun(_ pages: UInt) -> RunPointer? {
    for index in 0..<pointee.segmentCount {
      guard let segment = pointee.segments[index] else { continue }
      if let run = segment.take(pages) {
        if !run.pointee.isClean { dirtyBytes -= run.bytes }
        return run
      }
    }
    return nil
  }

  /// Takes more pages of the segments into use.
  private func grow(_ pages: UInt) -> RunPointer? {
    for index in 0..<pointee.segmentCount {
      guard let segment = pointee.segments[index], let run = segment.grow(pages, pointee.system, commits: !isHardened)
      else { continue }
      pointee.counts.taken += run.bytes
      publish()
      if !run.pointee.isClean {
        FreeRun(run).stamp = pointee.system.stamp
        dirtyBytes += run.bytes
      }
      // Merged with what was left when the segment last grew.
      segment.add(run)
      guard let taken = segment.take(pages) else { return nil }
      if !taken.pointee.isClean { dirtyBytes -= taken.bytes }
      return taken
    }
    return nil
  }

  private func takeFromNewSegment(_ pages: UInt) -> RunPointer? {
    // Where address space is left, it is memory that the system refuses.
    if hasAddressSpace(pages) { return nil }
    return makeSegment(pages) ? grow(pages) : nil
  }

  /// Cuts a run to an aligned start and so many pages.
  private func align(_ run: RunPointer, _ alignment: UInt, _ pages: UInt) -> RunPointer {
    guard let segment = segment(around: run.pointee.start) else { return run }
    let (first, all, isClean) = (run.pointee.start, UInt(run.pointee.pages), run.pointee.isClean)
    let stamp = FreeRun(run).stamp
    let start = roundUp(first, to: alignment)
    let before = (start - first) >> PageRun.pageShift
    if before == 0 { return cut(run, pages, segment) }
    let aligned = segment.descriptor(start)
    aligned.set(.busy, start: start, pages: all - before)
    run.set(.busy, start: first, pages: before)
    aligned.pointee.isClean = isClean
    run.pointee.isClean = isClean
    FreeRun(aligned).stamp = stamp
    FreeRun(run).stamp = stamp
    // The pages before go back as they were.
    if !isClean { dirtyBytes += run.bytes }
    segment.free(run)
    return cut(aligned, pages, segment)
  }

  private func cut(_ run: RunPointer, _ pages: UInt, _ segment: SegmentPointer) -> RunPointer {
    let rest = UInt(run.pointee.pages) - pages
    guard rest > 0 else { return run }
    if !run.pointee.isClean { dirtyBytes += rest << PageRun.pageShift }
    // The rest's pages lead to the run.
    run.disband()
    return segment.cut(run, pages)
  }
}
