/// Segments: made, filled, and returned to the system.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Reserves address space for a segment with room for so many pages. The first segment is large; if the system
  /// refuses that (an address space limit), smaller ones are tried. Later segments grow with what is held.
  /// Requires: the lock of the run pool.
  func makeSegment(_ pages: UInt) -> Bool {
    assertLocked()
    if pointee.segmentCount == 0 {
      var bytes = pointee.options.addressSpace
      while bytes >= 16 << 30 {
        if pages <= bytes >> PageRun.pageShift, addSegment(capacity: bytes >> PageRun.pageShift) != nil { return true }
        bytes /= 4
      }
    }
    var bytes = max(4 << 20, min(64 << 20, pointee.options.addressSpace))
    while bytes < (pointee.counts.taken - pointee.counts.givenBack) / 2 { bytes *= 2 }
    while bytes >= 4 << 20 {
      if pages <= bytes >> PageRun.pageShift, addSegment(capacity: bytes >> PageRun.pageShift) != nil { return true }
      bytes /= 2
    }
    return false
  }

  /// A run in a segment of its own, which is unmapped with the run. Nobody else takes pages of it.
  /// Requires: the lock of the run pool.
  func takeLoneRun(_ pages: UInt) -> RunPointer? {
    assertLocked()
    // The first segment is the one that every deallocation looks at.
    guard pointee.segmentCount > 0 || makeSegment(1), let segment = addSegment(capacity: pages, isLone: true) else {
      return nil
    }
    guard let run = segment.grow(pages, pointee.system, commits: !isHardened) else {
      unmap(segment)
      return nil
    }
    pointee.counts.taken += run.bytes
    segment.pointee.loneRun = run
    return run
  }

  /// Whether a segment has so many pages left.
  /// Requires: the lock of the run pool.
  func hasAddressSpace(_ pages: UInt) -> Bool {
    assertLocked()
    for index in 0..<pointee.segmentCount {
      if let segment = pointee.segments[index], !segment.pointee.isLone, segment.pagesLeft >= pages { return true }
    }
    return false
  }

  private func addSegment(capacity: UInt, isLone: Bool = false) -> SegmentPointer? {
    guard let index = freeIndex, let segment = SegmentPointer.make(capacity, isLone: isLone, pointee.system) else {
      return nil
    }
    pointee.segments[index] = segment
    if index == pointee.segmentCount { pointee.segmentCount += 1 }
    return segment
  }

  private var freeIndex: Int? {
    for index in 0..<pointee.segmentCount where pointee.segments[index] == nil { return index }
    return pointee.segmentCount < RunPool.maxSegments ? pointee.segmentCount : nil
  }

  /// Unmaps the pages of each segment that is free as a whole, so that their address space can be reserved in one
  /// piece. The tables stay. False if there is no such segment.
  /// Requires: the lock of the run pool.
  func unmapFreeSegments() -> Bool {
    assertLocked()
    var isAnyUnmapped = false
    for index in 1..<max(pointee.segmentCount, 1) {
      guard let segment = pointee.segments[index], let run = segment.onlyFreeRun else { continue }
      segment.remove(run)
      if !run.pointee.isClean { dirtyBytes -= run.bytes }
      pointee.segments[index] = nil
      pointee.counts.givenBack += run.bytes
      let end = segment.pointee.mapping + segment.pointee.mappingBytes
      pointee.system.unmap(at: run.pointee.start, end - run.pointee.start)
      isAnyUnmapped = true
    }
    return isAnyUnmapped
  }

  /// Returns a lone segment to the system.
  /// Requires: the lock of the run pool.
  func unmap(_ segment: SegmentPointer) {
    assertLocked()
    for index in 0..<pointee.segmentCount where pointee.segments[index] == segment { pointee.segments[index] = nil }
    pointee.counts.givenBack += segment.pointee.limit - segment.pointee.base
    pointee.system.unmap(at: segment.pointee.mapping, segment.pointee.mappingBytes)
  }
}
