/// Segments in memory of a source: made, and given back.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Makes memory of the source, whose first bytes have another use, the first segment. False if it is too small.
  /// Requires: the lock of the run pool.
  func setSource(_ source: RunSource, _ memory: UnsafeMutableRawPointer, _ bytes: UInt, head: UInt) -> Bool {
    assertLocked()
    guard let segment = SegmentPointer.make(in: memory, bytes, head: head) else { return false }
    pointee.source = source
    // No run is out of reach.
    pointee.maxIslands = Int.max
    pointee.segments[0] = segment
    pointee.segmentCount = 1
    publish()
    return true
  }

  /// Makes a segment with room for so many pages: half of what is held, if the source has that.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func makeSegment(from source: RunSource, _ pages: UInt) -> Bool {
    assertLocked()
    let least = SegmentPointer.bytes(around: pages)
    let half = roundUp((pointee.counts.taken - pointee.counts.givenBack) / 2, to: PageRun.pageSize)
    var bytes = max(least, max(half, 1 << 20))
    release()
    var memory = source.take(bytes)
    while memory == nil, bytes > least {
      bytes = max(least, roundUp(bytes / 2, to: PageRun.pageSize))
      memory = source.take(bytes)
    }
    acquire()
    guard let memory else { return false }
    if let segment = SegmentPointer.make(in: memory, bytes, head: 0), add(segment) { return true }
    release()
    source.release(source.context, memory, Int(bytes))
    acquire()
    return false
  }

  /// Gives back each segment but the first that is free as a whole. False if there is none.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func releaseFreeSegments(to source: RunSource) -> Bool {
    assertLocked()
    var isAnyReleased = false
    for index in 1..<max(pointee.segmentCount, 1) {
      guard let segment = takeFreeSegment(index) else { continue }
      let (start, bytes) = (segment.pointee.mapping, segment.pointee.mappingBytes)
      release()
      source.giveBack(start, bytes)
      acquire()
      isAnyReleased = true
    }
    return isAnyReleased
  }

  /// Gives all segments back, the pool's own memory last. Nobody uses the pool any more.
  func end(_ source: RunSource) {
    for index in stride(from: pointee.segmentCount - 1, through: 0, by: -1) {
      guard let segment = pointee.segments[index] else { continue }
      source.giveBack(segment.pointee.mapping, segment.pointee.mappingBytes)
    }
  }
}

extension RunSource {
  fileprivate func giveBack(_ start: UInt, _ bytes: UInt) {
    if let memory = UnsafeMutableRawPointer(bitPattern: start) { release(context, memory, Int(bytes)) }
  }
}

extension UnsafeMutablePointer where Pointee == Segment {
  private static var headBytes: UInt { roundUp(UInt(MemoryLayout<Segment>.stride), to: UInt(PageRun.stride)) }

  /// Bytes of a segment with so many pages: its head and its table come before them.
  static func bytes(around pages: UInt) -> UInt {
    roundUp(headBytes + pages << PageRun.strideShift, to: PageRun.pageSize) + pages << PageRun.pageShift
  }

  /// A segment in memory that is usable, and has any content. nil if there is no room for a page.
  /// - Parameter head: bytes at the start with another use.
  static func make(in memory: UnsafeMutableRawPointer, _ bytes: UInt, head: UInt) -> SegmentPointer? {
    let start = UInt(bitPattern: memory)
    let table = roundUp(start + head, to: UInt(PageRun.stride)) + headBytes
    var pages = bytes >> PageRun.pageShift
    while pages > 0,
      roundUp(table + pages << PageRun.strideShift, to: PageRun.pageSize)
        + pages << PageRun.pageShift > start + bytes
    { pages -= 1 }
    guard pages > 0, let place = SegmentPointer(bitPattern: table - headBytes) else { return nil }
    let base = roundUp(table + pages << PageRun.strideShift, to: PageRun.pageSize)
    UnsafeMutableRawPointer(place).initializeMemory(as: UInt8.self, repeating: 0, count: Int(base - place.address))
    place.initialize(
      to: Segment(
        base: base, limit: base, table: table, capacity: pages, tableLimit: base, mapping: start, mappingBytes: bytes,
        isPlaced: false, startsDirty: true, hugeMap: 0, dirty: .none, clean: .none))
    return place
  }

  private var address: UInt { UInt(bitPattern: self) }
}
