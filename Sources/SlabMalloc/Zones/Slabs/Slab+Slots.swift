/// Where a pointer stands in a slab.
enum SlotState {
  case used(UInt)
  case free
  /// Not the start of a slot.
  case interior
}

extension UnsafeMutablePointer where Pointee == Slab {
  /// The state of the slot at an address of this slab's page. The slow twin of what deallocation does inline.
  func state(at address: UInt) -> SlotState {
    let (index, isStart) = slot(at: address)
    guard isStart, index < UInt(pointee.slotCount) else { return .interior }
    return word(SlotWord.word(ofSlot: index)).pointee.freeSlots &>> SlotWord.bit(ofSlot: index) & 1 == 0
      ? .used(index) : .free
  }

  @inline(__always) private func slot(at address: UInt) -> (index: UInt, isStart: Bool) {
    if !Build.isSmall, isHardened { return hardenedSlot(at: address) }
    return page.isLarge ? largeSlot(at: address) : baseSlot(at: address, pageMask: page.mask)
  }

  /// Whether the slab is a hardened zone's, by its reciprocal: see Slab+Hardened.
  @inline(__always) var isHardened: Bool {
    page.isLarge ? pointee.reciprocal == 0 : UInt32(truncatingIfNeeded: pointee.reciprocal) == 0
  }

  /// Takes one given slot if it is free and not pending. Its bin has to take account of it.
  func claim(slot index: UInt) -> Bool {
    let bit: UInt = 1 &<< SlotWord.bit(ofSlot: index)
    let slots = word(SlotWord.word(ofSlot: index))
    guard slots.pointee.free & bit != 0 else { return false }
    slots.pointee.free &= ~bit
    return true
  }

  /// Takes the first free slot whose address is a multiple of `alignment`, if there is one.
  func claim(alignment: UInt) -> UInt? {
    let stride = SizeClass.stride(slotSize: slotSize, alignment: alignment)
    var index: UInt = 0
    // The class is one of large pages, whose start has every alignment.
    while index < UInt(pointee.slotCount) {
      if claim(slot: index) { return index }
      index &+= stride
    }
    return nil
  }
}
