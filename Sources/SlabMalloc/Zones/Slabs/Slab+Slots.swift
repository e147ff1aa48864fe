/// The state of the slot at an address in a slab.
enum SlotState {
  case used(UInt)
  case free
  /// The address does not start a slot.
  case interior
}

extension UnsafeMutablePointer where Pointee == Slab {
  /// The state of the slot at an address in this slab. Deallocation does the same inline.
  func state(at address: UInt) -> SlotState {
    let (index, isStart) = slot(at: address)
    guard isStart, index < UInt(pointee.slotCount) else { return .interior }
    return word(SlotWord.word(ofSlot: index)).pointee.freeSlots &>> SlotWord.bit(ofSlot: index) & 1 == 0
      ? .used(index) : .free
  }

  /// The number of pending slots.
  var pendingCount: UInt {
    var count: UInt = 0
    for index in 0..<UInt(pointee.wordCount) { count &+= SlotWord.count(word(index).pointee.ready) }
    return count
  }
}
