/// Statistics of one size class of a zone.
public struct ClassStatistics: Equatable, Sendable {
  /// Size of a slot, in bytes.
  public var slotSize: Int
  public var pageSize: Int
  public var slotsPerPage: Int
  public var pages = 0
  /// The pages without a live slot, among `pages`.
  public var emptyPages = 0
  public var slotsLive = 0
}

/// Statistics are counted on request by a walk over the pages, because allocation and deallocation keep no counts. The
/// walk skips a page with a broken guard, because its descriptor may be wrong.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func statistics(of index: UInt) -> ClassStatistics {
    let bin = bin(index)
    let page = bin.pointee.page
    var result = ClassStatistics(
      slotSize: Int(bin.pointee.slotSize), pageSize: page.bytes, slotsPerPage: Int(bin.geometry.slotCount))
    pages(page).forEach { slab in
      guard isIntact(slab), UInt(slab.pointee.binIndex) == index else { return }
      let live = liveSlots(slab)
      result.pages += 1
      result.emptyPages += live == 0 ? 1 : 0
      result.slotsLive += Int(live)
    }
    return result
  }

  var liveSlots: UInt { live.slots }

  /// Slots in use, and their bytes.
  var live: (slots: UInt, bytes: UInt) {
    let base = live(in: basePages)
    let large = Build.isSmall ? (slots: 0, bytes: 0) : live(in: largePages)
    return (base.slots + large.slots, base.bytes + large.bytes)
  }

  private func live(in pages: PageMapPointer) -> (slots: UInt, bytes: UInt) {
    var slots: UInt = 0
    var bytes: UInt = 0
    pages.forEach { slab in
      guard isIntact(slab) else { return }
      let live = liveSlots(slab)
      slots += live
      bytes += live * slab.slotSize
    }
    return (slots, bytes)
  }

  /// Live slots of a slab: its used slots without the slots that its bin holds ready. In a hardened zone, without those
  /// that are set aside.
  private func liveSlots(_ slab: SlabPointer) -> UInt {
    if isHardened { return slab.used - slab.setAsideCount }
    let bin = bin(UInt(slab.pointee.binIndex))
    let ready = slab.hasWord(withReadyAt: bin.pointee.ready) ? bin.readySlots.nonzeroBitCount : 0
    return slab.used - UInt(ready)
  }
}
