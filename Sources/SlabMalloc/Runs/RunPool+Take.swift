/// Page runs: taken from segments, and given back.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// A busy run of so many pages. It reads as 0 if it is clean. nil if the system has no more memory.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeRun(_ pages: UInt) -> RunPointer? {
    assertLocked()
    if let run = takeFreeRun(pages) ?? grow(pages) ?? takeFromNewSegment(pages) { return run }
    // Dirty and clean neighbours merge once both are clean.
    purgeLocked(downTo: 0)
    evictAll()
    if let run = takeFreeRun(pages) { return run }
    return unmapFreeSegments() ? takeFromNewSegment(pages) : nil
  }

  /// A busy run of so many pages that starts at a multiple of the alignment, which is a power of two.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeRun(_ pages: UInt, alignment: UInt) -> RunPointer? {
    assertLocked()
    let spare = alignment > PageRun.pageSize ? (alignment >> PageRun.pageShift) - 1 : 0
    // A giant gets no descriptor for each of its pages.
    guard pages + spare < 1 << 31,
      let run = pages + spare < PageRun.giantPages ? takeRun(pages + spare) : takeLoneRun(pages + spare)
    else { return nil }
    return spare > 0 ? align(run, alignment, pages) : run
  }

  /// Frees a busy run. In a hardened process it was decommitted, or never committed.
  /// Requires: the lock of the run pool.
  func free(_ run: RunPointer, isClean: Bool = false, stamp: UInt? = nil) {
    assertLocked()
    guard let segment = segment(around: run.pointee.start) else { return }
    if segment.pointee.isLone { return unmap(segment) }
    run.pointee.isClean = isClean
    FreeRun(run).stamp = stamp ?? pointee.system.stamp
    if !isClean { dirtyBytes += run.bytes }
    segment.free(run)
  }

  private func takeFreeRun(_ pages: UInt) -> RunPointer? {
    for index in 0..<pointee.segmentCount {
      guard let segment = pointee.segments[index], !segment.pointee.isLone else { continue }
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
      guard let segment = pointee.segments[index], !segment.pointee.isLone,
        let run = segment.grow(pages, pointee.system, commits: !isHardened)
      else { continue }
      pointee.counts.taken += run.bytes
      publish()
      // Merged with what was left when the segment last grew.
      segment.add(run)
      return segment.take(pages)
    }
    return nil
  }

  private func takeFromNewSegment(_ pages: UInt) -> RunPointer? {
    // Where address space is left, it is memory that the system refuses.
    if hasAddressSpace(pages) { return nil }
    return makeSegment(pages) ? grow(pages) : takeLoneRun(pages)
  }

  /// Cuts a run to an aligned start and so many pages. The rest of a lone run stays with it.
  private func align(_ run: RunPointer, _ alignment: UInt, _ pages: UInt) -> RunPointer {
    guard let segment = segment(around: run.pointee.start) else { return run }
    let (first, all, isClean) = (run.pointee.start, UInt(run.pointee.pages), run.pointee.isClean)
    let stamp = FreeRun(run).stamp
    let start = roundUp(first, to: alignment)
    let before = (start - first) >> PageRun.pageShift
    if before == 0 { return cut(run, pages, segment) }
    let aligned = segment.descriptor(start)
    if segment.pointee.isLone {
      aligned.setFirst(start: start, pages: all - before)
      aligned.pointee.isClean = isClean
      run.pointee.pages = UInt32(before)
      segment.pointee.loneRun = aligned
      return aligned
    }
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
    guard rest > 0, !segment.pointee.isLone else { return run }
    if !run.pointee.isClean { dirtyBytes += rest << PageRun.pageShift }
    // The rest's pages lead to the run.
    run.disband()
    return segment.cut(run, pages)
  }
}
