/// The geometry of a slab: the numbers of slots and slot words on a page that is carved into slots of one size.
///
///     page start                                                        page end
///     | slot 0 | slot 1 | ... | slot n-1 | slack | slot words | descriptor |
///     guarded:                          | slack | guard | slot words | descriptor |
///
/// Slots start at the page's start and therefore have the alignment of their size. The descriptor ends the page, and a
/// mask finds it from any pointer into the page. Before it lie the slot words, one for each 64 slots (32 on 32 bits),
/// from the last to the first. In a hardened zone a guard of one word precedes them; see Slab+Guards.
struct SlabGeometry {
  let slotCount: UInt
  let wordCount: UInt

  init(slotSize: UInt, page: PageSize, isGuarded: Bool = false) {
    // A slot costs its size and its part of a slot word. This estimate is made exact below.
    let room = page.size &- Self.descriptorSize &- (!Build.isSmall && isGuarded ? Canary.size : 0)
    var count = room * SlotWord.slotCount / (slotSize * SlotWord.slotCount + Self.wordSize)
    while Self.fits(count + 1, slotSize, room) { count += 1 }
    while !Self.fits(count, slotSize, room) { count -= 1 }
    slotCount = count
    wordCount = SlotWord.count(forSlots: count)
  }

  static var descriptorSize: UInt { UInt(MemoryLayout<Slab>.stride) }
  static var wordSize: UInt { UInt(MemoryLayout<SlotWord>.stride) }

  private static func fits(_ slots: UInt, _ slotSize: UInt, _ room: UInt) -> Bool {
    slots * slotSize + SlotWord.count(forSlots: slots) * wordSize <= room
  }

  /// Slots up to this size are carved from base pages, larger ones from large pages, because a page should have at
  /// least 15 slots. Small pages serve slots up to 2 KiB all the same, because a kernel has few large pages.
  static func largestOnBasePage(_ page: PageSize) -> UInt {
    let sixteenth = page.size / 16
    return sixteenth > 2048 ? sixteenth : 2048
  }
}
