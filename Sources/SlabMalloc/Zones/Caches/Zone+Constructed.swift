import CSlabmalloc

/// Pages of a cache with a constructor. The objects of a page are constructed after the page was taken in, because it
/// must be known to be nobody else's, and before any of them can be allocated: meanwhile the slab is in no list.
///
///     takeIn: in the page map, all slots free -> construct -> bin.add
///                                                          -> refused: out of the page map, given back
///
/// The functions of the client run without a lock. While a constructor runs, its `Pull` shows the slab: a call that
/// needs another page is refused as reentrant, and so is the end of the zone.
///
/// In a hardened zone a slot must be clear while it is free. Its objects are constructed at each allocation and
/// destroyed at each deallocation instead; see Zone+HardenedConstructed.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// The constructor of a cache that has one.
  @inline(__always) var constructor: Constructor? { Build.isSmall ? nil : pointee.policy?.pointee.constructor }

  /// Whether a function of this cache's constructor runs, for this context or for any.
  func isConstructing(for context: UInt? = nil) -> Bool {
    var pull = pointee.pulls
    while let found = pull {
      if found.pointee.purpose == .constructing, context == nil || found.pointee.context == context { return true }
      pull = found.pointee.outer
    }
    return false
  }

  /// Takes in a page and constructs its objects.
  @inline(never) func refill(_ bin: BinPointer, page address: UInt, _ constructor: Constructor) -> Status {
    guard !isConstructing(for: context) else { return .reentrant }
    let slab = SlabPointer.around(address, pageMask: bin.pointee.page.mask)
    let status = asPull(.constructing) {
      let status = takeIn(address, for: bin, isReady: false)
      guard status == .ok else { return status }
      let (start, count, size) = (slab.pageAddress, UInt(slab.pointee.slotCount), slab.slotSize)
      if unlockedSlowly({ constructor.constructAll(from: start, count: count, size) }) {
        bin.add(slab)
        return .ok
      }
      _ = forgetPage(slab)
      return .constructorFailed
    }
    checkInvariants()
    return status
  }

  /// Destroys the objects of a page that has left the zone.
  @inline(__always) func destroyObjects(_ slab: SlabPointer) {
    if let constructor, !isHardened { destroyObjects(slab, constructor) }
  }

  @inline(never) private func destroyObjects(_ slab: SlabPointer, _ constructor: Constructor) {
    let (start, count, size) = (slab.pageAddress, UInt(slab.pointee.slotCount), slab.slotSize)
    unlockedSlowly { constructor.destroyAll(from: start, count: count, size) }
  }

  /// Destroys the objects of a page of a zone that has ended. In a hardened zone only live objects are constructed.
  @inline(never) func destroyObjectsAtEnd(
    _ slab: SlabPointer, _ constructor: Constructor, _ hardening: HardeningPointer?
  ) {
    guard let hardening else { return destroyObjects(slab, constructor) }
    guard slab.isIntact(hardening) else { return }
    let size = slab.slotSize &- Canary.size
    for index in 0..<UInt(slab.pointee.slotCount) {
      let word = slab.word(SlotWord.word(ofSlot: index)).pointee
      guard word.freeSlots &>> SlotWord.bit(ofSlot: index) & 1 == 0 else { continue }
      let object = slab.slot(index)
      unlockedSlowly { constructor.destroy(object, size) }
    }
  }
}
