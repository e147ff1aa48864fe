/// The state of the slot at an address in a slab.
enum SlotState {
  case used(UInt)
  case free
  /// The address does not start a slot.
  case interior
}

extension UnsafeMutablePointer where Pointee == Slab {
  /// The state of the slot at an address in this slab's page. Deallocation does the same inline.
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

  /// Whether the slab belongs to a hardened zone. Its reciprocal shows this; see Slab+Hardened.
  @inline(__always) var isHardened: Bool {
    page.isLarge ? pointee.reciprocal == 0 : UInt32(truncatingIfNeeded: pointee.reciprocal) == 0
  }

  /// Takes the slot with this index if it is free and not pending. The bin must update its counts.
  func claim(slot index: UInt) -> Bool {
    let bit: UInt = 1 &<< SlotWord.bit(ofSlot: index)
    let slots = word(SlotWord.word(ofSlot: index))
    guard slots.pointee.free & bit != 0 else { return false }
    slots.pointee.free &= ~bit
    return true
  }

  /// Takes the first free slot whose address is a multiple of `alignment`; nil if there is none.
  func claim(alignment: UInt) -> UInt? {
    let stride = SizeClass.stride(slotSize: slotSize, alignment: alignment)
    var index: UInt = 0
    // The class has large pages, and their start has every alignment.
    while index < UInt(pointee.slotCount) {
      if claim(slot: index) { return index }
      index &+= stride
    }
    return nil
  }
}
