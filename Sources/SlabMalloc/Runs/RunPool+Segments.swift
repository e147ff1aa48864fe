/// Segments: made, filled, and returned to the system.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Makes a segment with room for so many pages. The first one is placed, and large; if there is no place, smaller
  /// ones are tried. Segments of the second choice are reserved, and grow with what is held.
  /// Requires: the lock of the run pool. Releases the lock meanwhile if the pool has a source.
  func makeSegment(_ pages: UInt) -> Bool {
    assertLocked()
    if let source = pointee.source { return makeSegment(from: source, pages) }
    if pointee.segmentCount == 0 {
      if isHardened { pointee.maxIslands = pointee.system.mappings() / 6 }
      var bytes = pointee.options.addressSpace
      while bytes >= 1 << 30 {
        if pages <= bytes >> PageRun.pageShift, addSegment(capacity: bytes >> PageRun.pageShift, isPlaced: true) {
          return true
        }
        bytes /= 4
      }
    }
    var bytes = max(4 << 20, min(64 << 20, pointee.options.addressSpace))
    while bytes < (pointee.counts.taken - pointee.counts.givenBack) / 2 { bytes *= 2 }
    while bytes >= 256 << 10, pages <= bytes >> PageRun.pageShift {
      if addSegment(capacity: bytes >> PageRun.pageShift, isPlaced: false) { return true }
      bytes /= 2
    }
    return addSegment(capacity: pages, isPlaced: false)
  }

  /// Whether a segment has so many pages left.
  /// Requires: the lock of the run pool.
  func hasAddressSpace(_ pages: UInt) -> Bool {
    assertLocked()
    for index in 0..<pointee.segmentCount {
      if let segment = pointee.segments[index], segment.pagesLeft >= pages { return true }
    }
    return false
  }

  private func addSegment(capacity: UInt, isPlaced: Bool) -> Bool {
    guard freeIndex != nil, let segment = SegmentPointer.make(capacity, isPlaced: isPlaced, pointee.system)
    else { return false }
    return add(segment)
  }

  /// Lets runs be taken from a segment. False if there are too many.
  /// Requires: the lock of the run pool.
  func add(_ segment: SegmentPointer) -> Bool {
    assertLocked()
    guard let index = freeIndex else { return false }
    pointee.segments[index] = segment
    if index == pointee.segmentCount { pointee.segmentCount += 1 }
    return true
  }

  private var freeIndex: Int? {
    for index in 0..<pointee.segmentCount where pointee.segments[index] == nil { return index }
    return pointee.segmentCount < RunPool.maxSegments ? pointee.segmentCount : nil
  }

  /// Unmaps the pages of each segment that is free as a whole, so that their address space can be reserved in one
  /// piece. The tables stay. False if there is no such segment.
  /// Requires: the lock of the run pool. Releases the lock meanwhile if the pool has a source.
  func unmapFreeSegments() -> Bool {
    assertLocked()
    if let source = pointee.source { return releaseFreeSegments(to: source) }
    var isAnyUnmapped = false
    for index in 1..<max(pointee.segmentCount, 1) {
      guard let segment = takeFreeSegment(index) else { continue }
      let end = segment.pointee.mapping + segment.pointee.mappingBytes
      pointee.system.unmap(at: segment.pointee.base, end - segment.pointee.base)
      isAnyUnmapped = true
    }
    return isAnyUnmapped
  }

  /// Takes a segment out that is free as a whole. nil if it is not, or there is none.
  /// Requires: the lock of the run pool.
  func takeFreeSegment(_ index: Int) -> SegmentPointer? {
    assertLocked()
    guard let segment = pointee.segments[index], let run = segment.onlyFreeRun else { return nil }
    segment.remove(run)
    if !run.pointee.isClean { dirtyBytes -= run.bytes }
    pointee.segments[index] = nil
    pointee.counts.givenBack += run.bytes
    return segment
  }
}
