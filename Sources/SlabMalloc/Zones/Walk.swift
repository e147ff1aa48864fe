/// A walk over a zone's pages, by address, which holds nothing that the zone may change between its steps.
///
///     | page | page | page |    gap    | page |  gap  | page | page |
///     ^ start: found by a scan         ^ start        ^ start
///              ^ found by its address, behind the last one
///
/// The page behind the last one is looked up. At a gap the walk continues at the next start of a stretch of pages. A
/// scan of all pages notes the lowest starts from the present place on, as many as the struct holds. If a page has left
/// the zone since, a start may be missing among them, and the scan is repeated. Pages that come in may be missed.
struct Walk {
  /// The next page is at this address or above.
  private var place: UInt = 0
  private var starts = InlineArray<32, UInt>(repeating: 0)
  private var startCount = 0
  /// The starts that were used.
  private var used = 0
  /// Whether the last scan found more starts than there is room for, or none was made.
  private var hasMore = true
  /// `departures` of the zone at the last scan.
  private var departures: UInt = 0
}

extension Walk {
  /// The next page of the zone; nil after the last one.
  mutating func next(in zone: ZonePointer) -> WalkedPage? {
    guard zone.isInitialized, let slab = nextSlab(in: zone) else { return nil }
    // 0 behind the last page of the address space: the walk is over.
    place = slab.pointee.start &+ slab.bytes
    if place == 0 { (hasMore, used, departures) = (false, startCount, zone.pointee.departures) }
    return WalkedPage(slab, in: zone)
  }

  private mutating func nextSlab(in zone: ZonePointer) -> SlabPointer? {
    if place != 0, let slab = zone.slab(around: place) { return slab }
    while true {
      if departures != zone.pointee.departures || used == startCount && hasMore { scan(zone) }
      guard used < startCount else { return nil }
      let start = starts[used]
      used += 1
      if start >= place, let slab = zone.slab(around: start) { return slab }
    }
  }

  /// Notes the lowest starts of stretches from the present place on.
  private mutating func scan(_ zone: ZonePointer) {
    (startCount, used, hasMore) = (0, 0, false)
    departures = zone.pointee.departures
    zone.forEachSlab { slab in
      let start = slab.pointee.start
      guard start >= place, slab.pointee.owner == zone.pointee.owner, zone.slab(around: start &- 1) == nil else {
        return
      }
      if startCount == starts.count {
        hasMore = true
        guard start < starts[startCount - 1] else { return }
        startCount -= 1
      }
      var index = startCount
      while index > 0, starts[index - 1] > start {
        starts[index] = starts[index - 1]
        index -= 1
      }
      starts[index] = start
      startCount += 1
    }
  }
}

/// A page as a walk found it. Its objects are visited without a lock, so each look at the page first makes sure that it
/// is still what it was.
struct WalkedPage {
  let start: UInt
  let slotSize: UInt
  let slotCount: UInt
  let binIndex: UInt
  /// Bytes of a slot that belong to the object.
  let usableSize: UInt

  fileprivate init(_ slab: SlabPointer, in zone: ZonePointer) {
    start = slab.pointee.start
    slotSize = slab.slotSize
    slotCount = UInt(slab.pointee.slotCount)
    binIndex = UInt(slab.pointee.binIndex)
    usableSize = zone.usableSize(slab)
  }

  var wordCount: UInt { SlotWord.count(forSlots: slotCount) }

  func slot(_ index: UInt) -> UInt { start &+ index &* slotSize }
}

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// The live slots of a word of the page; 0 if the page has left the zone or its size class, or a guard is broken.
  func liveSlots(_ page: WalkedPage, word index: UInt) -> UInt {
    guard isInitialized, let slab = slab(around: page.start), isIntact(slab), slab.pointee.start == page.start,
      slab.slotSize == page.slotSize, UInt(slab.pointee.binIndex) == page.binIndex
    else { return 0 }
    let used = ~slab.word(index).pointee.freeSlots
    return used & SlotWord.lowBits(page.slotCount &- index &* SlotWord.slotCount)
  }

  /// The first large object at or above an address, and its usable size.
  func liveRun(from address: UInt) -> (address: UInt, size: UInt)? {
    guard isInitialized, pointee.hasRuns, let directory = pointee.directory else { return nil }
    return directory.locked {
      directory.pointee.runs.firstLive(from: address).map { ($0.pointee.start, $0.room &- canarySize) }
    }
  }
}
