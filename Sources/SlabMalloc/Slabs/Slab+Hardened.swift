/// Slots of a hardened zone's slab. Nothing of it is opened for allocation; the pending halves of its words hold the slots
/// that are neither available nor live: those in quarantine, and those that are retired.
extension UnsafeMutablePointer where Pointee == Slab {
  /// The slot at an address, found by a division: `reciprocal` is 0.
  func slotByDivision(at address: UInt) -> (index: UInt, isStart: Bool) {
    let offset = address & page.mask
    let index = offset / pointee.slotSize
    return (index, index &* pointee.slotSize == offset)
  }

  /// Clears all slots of a slab that was carved.
  func clearSlots() {
    let start = UnsafeMutableRawPointer(bitPattern: pageAddress).unsafelyUnwrapped
    clear(start, UInt(pointee.slotCount) &* pointee.slotSize)
  }

  /// Takes a free slot of a slab that has one: from a random word on, the first word with one, and of that one at random.
  func claimAtRandom(_ hardening: HardeningPointer) -> UInt {
    let word = wordWithSlot(from: hardening.random(below: UInt(pointee.wordCount)))
    let slots = self.word(word)
    let free = slots.pointee.free
    let upper = free & (UInt.max &<< hardening.random(below: SlotWord.slotCount))
    let bit = UInt(truncatingIfNeeded: (upper != 0 ? upper : free).trailingZeroBitCount)
    slots.pointee.free = free & ~(1 &<< bit)
    return word &* SlotWord.slotCount &+ bit
  }

  /// Takes a free slot with an aligned address, of which only every `stride`th has one: from a random one on.
  func claimAtRandom(_ hardening: HardeningPointer, stride: UInt) -> UInt? {
    let count = (UInt(pointee.slotCount) &- 1) / stride &+ 1
    let first = hardening.random(below: count)
    for step in 0..<count {
      let place = first &+ step
      let index = (place < count ? place : place &- count) &* stride
      if claim(slot: index) { return index }
    }
    return nil
  }

  /// Makes a slot that is used pending.
  func setAside(_ index: UInt) {
    word(SlotWord.word(ofSlot: index)).pointee.pending |= 1 &<< SlotWord.bit(ofSlot: index)
  }

  /// Makes a slot that is pending available. Its bin has to take account of it.
  func makeAvailable(_ index: UInt) {
    let slots = word(SlotWord.word(ofSlot: index))
    let bit: UInt = 1 &<< SlotWord.bit(ofSlot: index)
    slots.pointee = SlotWord(free: slots.pointee.free | bit, pending: slots.pointee.pending & ~bit)
  }

  var pendingCount: UInt {
    var count: UInt = 0
    for index in 0..<UInt(pointee.wordCount) {
      count &+= UInt(truncatingIfNeeded: word(index).pointee.pending.nonzeroBitCount)
    }
    return count
  }
}
