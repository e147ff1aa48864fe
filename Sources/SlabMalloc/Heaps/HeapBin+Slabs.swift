import Synchronization

/// New slabs of a bin.
///
/// The first slab of a thread, or of an explicit heap's part, has room for at least 4 slots. Each further one has twice
/// the pages, up to those of a full slab: 64 slots up to 8 KiB, and 15 for the largest. What few objects take is near
/// to each other that way, and memory that was freed is used again sooner. Where there is no memory for a slab, a first
/// one is tried. A hardened heap has full slabs from the start, since its slots are chosen at random and a guard
/// follows each slab.
///
///     slots of 10 KiB:   | 6 | 12 | 25 | 51 | 102 | 102 ...
extension HeapBin {
  /// Pages of a full slab. Pages that are not touched take no memory.
  static func pages(_ slotSize: UInt) -> UInt {
    if slotSize <= 512 { return 1 }
    if slotSize <= 1024 { return 2 }
    if slotSize <= 2048 { return 4 }
    if slotSize <= 8192 { return 8 }
    return slotSize <= 64 << 10 ? 16 : 32
  }

  /// Pages of a first slab.
  static func firstPages(_ slotSize: UInt) -> UInt {
    var pages: UInt = 1
    while pages << PageRun.pageShift < 4 * slotSize { pages *= 2 }
    return pages
  }

  /// Slots of a full slab.
  static func slotCount(_ slotSize: UInt) -> UInt { pages(slotSize) << PageRun.pageShift / slotSize }

  /// Lines of metadata that a slab of so many slots takes: its marks, then its words.
  static func metadataLines(_ slotCount: UInt) -> UInt {
    markLines(slotCount) + Metadata.lines((slotCount + 63) / 64 * 8)
  }

  static func markLines(_ slotCount: UInt) -> UInt { Metadata.lines(slotCount) }
}

/// Owner: only the thread of the bin's heap runs these.
extension UnsafeMutablePointer where Pointee == HeapBin {
  /// The next slab is a first one.
  func startSmall() {
    if !pointee.heap.pool.isHardened { pointee.nextPages = UInt16(HeapBin.firstPages(pointee.slotSize)) }
  }

  /// Whether a slab of this class may have so many pages, its guard apart, and so many slots.
  func mayHaveSlab(of pages: UInt, slots: UInt) -> Bool {
    let first = pointee.heap.pool.isHardened ? UInt(pointee.pages) : HeapBin.firstPages(pointee.slotSize)
    return (first...UInt(pointee.pages)).contains(pages) && pages % first == 0
      && slots == pages << PageRun.pageShift / pointee.slotSize
  }

  /// A new slab, all of whose slots are available.
  func makeSlab() -> RunPointer? {
    // Read once: a handler of a soft limit may allocate from this bin.
    let pages = UInt(pointee.nextPages)
    if let slab = makeSlab(pages) { return slab }
    let first = HeapBin.firstPages(pointee.slotSize)
    return pages > first && !pointee.heap.pool.isHardened ? makeSlab(first) : nil
  }

  private func makeSlab(_ pages: UInt) -> RunPointer? {
    guard let explicit = pointee.heap.pointee.explicit else { return makeCountedSlab(pages) }
    // A hardened slab ends with a guard.
    let bytes = (pages + (explicit.pool.isHardened ? 1 : 0)) << PageRun.pageShift
    guard explicit.charge(bytes) else { return nil }
    let slab = makeCountedSlab(pages)
    _ = explicit.settle(bytes, slab == nil ? 0 : bytes)
    return slab
  }

  private func makeCountedSlab(_ pages: UInt) -> RunPointer? {
    let pool = pointee.heap.pool
    let count = pages << PageRun.pageShift / pointee.slotSize
    return pool.locked {
      guard let block = pool.runs.takeMetadata(lines: HeapBin.metadataLines(count)) else { return nil }
      guard let slab = pool.takeSlabRun(pages, of: pointee.index) else {
        pool.runs.freeMetadata(block, lines: HeapBin.metadataLines(count))
        return nil
      }
      carve(slab, block, count)
      pool.countSlab(slab, of: pointee.index)
      pointee.nextPages = max(pointee.nextPages, min(2 * UInt16(pages), pointee.pages))
      return slab
    }
  }

  private func carve(_ slab: RunPointer, _ block: UInt, _ count: UInt) {
    let marks = UnsafeMutablePointer<UInt8>(bitPattern: block).unsafelyUnwrapped
    let markBytes = HeapBin.markLines(count) * Metadata.line
    marks.initialize(repeating: slab.pointee.isClean ? Mark.fresh : Mark.free, count: Int(count))
    (marks + Int(count)).initialize(repeating: Mark.none, count: Int(markBytes - count))
    let words = UnsafeMutablePointer<UInt64>(bitPattern: block + markBytes).unsafelyUnwrapped
    for word in 0..<(count + 63) / 64 { words[Int(word)] = lowBits(count - word * 64) }
    let isHardened = pointee.heap.pool.isHardened
    slab.pointee.marks = marks
    slab.pointee.words = words
    slab.bin = self
    slab.pointee.available = UInt32(count)
    slab.pointee.tally = IdleTally.unseen.bits
    slab.pointee.slotSize = UInt32(SizeClass.slotSize(UInt(pointee.index)))
    slab.pointee.slotCount = UInt16(truncatingIfNeeded: count)
    slab.pointee.binIndex = pointee.index
    slab.pointee.place = .unlisted
    slab.pointee.cursor = isHardened ? UInt8(truncatingIfNeeded: random(below: (count + 63) / 64)) : 0
    slab.canaryKey =
      isHardened ? Canary.key(pointee.heap.pool.pointee.secret, of: slab.pointee.start ^ UInt(random())) : 0
    slab.pointee.isOrphan = false
    slab.hasShrunk = false
    slab.publish(.slab, reciprocal: isHardened ? 0 : pointee.reciprocal)
    slab.pointee.owner.store(pointee.heap.address, ordering: .releasing)
  }
}
