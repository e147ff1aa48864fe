/// The geometry of a slab: the numbers of slots and slot words in a run of pages that is carved into slots of one size.
///
///     start                                                                                end
///     | slot 0 | slot 1 | ... | slot n-1 | slack | slot words | descriptor |
///     guarded:                           | slack | guard | slot words | descriptor |
///     lodging tables:             | slack | guard | table | ... | rest | slot words | descriptor |
///
/// Slots start at the slab's start. The descriptor ends the last page. Before it lie the slot words, one for each 64
/// slots (32 on 32 bits), from the last to the first. In a hardened zone a guard of one word precedes them; see
/// Slab+Guards. A slab may lodge tables of the page directory, see Zone+Tables. It has the slot words that it would
/// have without them.
struct SlabGeometry {
  let slotCount: UInt
  let wordCount: UInt

  init(slotSize: UInt, bytes: UInt, isGuarded: Bool = false, lodgers: UInt = 0) {
    // A slot costs its size and its part of a slot word. This estimate is made exact below. The small library only
    // counts down from the slots without words, some sixteenth more.
    let guardSize = !Build.isSmall && isGuarded ? Canary.size : 0
    let room = bytes &- Self.descriptorSize &- guardSize
    var count =
      Build.isSmall
      ? room / slotSize : room * SlotWord.slotCount / (slotSize * SlotWord.slotCount + Self.wordSize)
    while !Build.isSmall, Self.fits(count + 1, slotSize, room) { count += 1 }
    while !Self.fits(count, slotSize, room) { count -= 1 }
    wordCount = SlotWord.count(forSlots: count)
    if !Build.isSmall, lodgers != 0 {
      let end = Self.lodgersStart(bytes &- Self.descriptorSize, wordCount: wordCount, lodgers)
      count = min(count, end > guardSize ? (end - guardSize) / slotSize : 0)
    }
    slotCount = count
  }

  /// Where the tables of a slab start, as an address or an offset like that of the descriptor.
  @inline(__always) static func lodgersStart(_ descriptor: UInt, wordCount: UInt, _ lodgers: UInt) -> UInt {
    let end = (descriptor &- wordCount &* wordSize) & ~63
    return end &- lodgers &* PageDirectory.tableBytes
  }

  static var descriptorSize: UInt { UInt(MemoryLayout<Slab>.stride) }
  static var wordSize: UInt { UInt(MemoryLayout<SlotWord>.stride) }

  private static func fits(_ slots: UInt, _ slotSize: UInt, _ room: UInt) -> Bool {
    slots * slotSize + SlotWord.count(forSlots: slots) * wordSize <= room
  }

  /// Slots up to this size are carved from single base pages if the provider gives single pages alone. Larger ones are
  /// carved from large pages, because a page should have at least 15 slots. Small pages serve slots up to 2 KiB all the
  /// same, because a kernel has few large pages.
  static func largestOnBasePage(_ page: PageSize) -> UInt {
    let sixteenth = page.size / 16
    return sixteenth > 2048 ? sixteenth : 2048
  }
}

/// The size of a class's slabs where the provider gives runs.
extension SlabGeometry {
  /// Slabs that a bin has pulled when their size grows no more.
  static let manyPulled: UInt8 = 7

  /// The bytes of a slab: the fewest pages of which slots take 20 of 21 bytes, above 2 KiB 8 of 9. The more slots it
  /// has, the more are free when it is opened, and going on to a slab costs some eighty instructions. Slabs of a class
  /// therefore grow, because most classes of a small zone need few slots. Each has at least so many slots:
  ///
  ///     slots            the first    second and third    fourth to seventh    from the eighth on
  ///     up to 2 KiB      16           64, or 32 KiB       128, or 64 KiB       256, or 128 KiB
  ///     above 2 KiB      16, or as many as 64 KiB hold, and 4 of the largest
  ///
  /// A run of a large page's size is never a slab's, because the directory would take it for a large page.
  ///
  /// A slab that is aligned to more than a page has the room of 8 slots, and loses one to the descriptor: a run that is
  /// no multiple of its alignment would leave a gap before the next.
  static func slabBytes(
    slotSize: UInt, page: PageSize, isGuarded: Bool, isAligned: Bool = false, pulled: UInt8 = SlabGeometry.manyPulled
  ) -> UInt {
    if isAligned, slotSize <= PageSize.large.size / 16 { return slotSize * 8 }
    let (part, whole): (UInt, UInt) = slotSize <= 2048 ? (20, 21) : (8, 9)
    let most = PageSize.large.size - page.size
    var slots = min(16, max(4, (64 << 10) / slotSize))
    if slotSize <= 2048, pulled != 0 {
      let most: UInt = pulled < 3 ? 64 : pulled < manyPulled ? 128 : 256
      slots = min(most, (most << 9) / slotSize)
    }
    var best = page.size
    var bestSlots: UInt = 0
    while true {
      let words = SlotWord.count(forSlots: slots) * wordSize
      let bytes = roundUp(slots * slotSize + words + descriptorSize + (isGuarded ? Canary.size : 0), to: page.size)
      guard bytes <= most else {
        if bestSlots != 0 || slots == 1 { return best }
        slots = 1
        continue
      }
      // The page's rest may hold more slots.
      slots = SlabGeometry(slotSize: slotSize, bytes: bytes, isGuarded: isGuarded).slotCount
      if slots * best > bestSlots * bytes { (best, bestSlots) = (bytes, slots) }
      if slots * slotSize * whole >= bytes * part { return bytes }
      slots += 1
    }
  }
}
