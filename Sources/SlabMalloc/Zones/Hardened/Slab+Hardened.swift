import CSlabPort

/// Slots of a hardened zone's slab. Nothing of it is opened for allocation; the pending halves of its words hold the
/// slots that are neither available nor live: those in quarantine, and those that are retired.
extension UnsafeMutablePointer where Pointee == Slab {
  /// Lets no address pass for the start of a slot where others are freed. The reciprocal in a base page moves to the
  /// upper half, and with nothing in the lower one no fraction is below it. That in a large page goes, as nothing less
  /// will do; objects there are so large that a division is the least of what they cost.
  func harden() { pointee.reciprocal = page.isLarge ? 0 : pointee.reciprocal &<< 32 }

  /// The slot at an address of a hardened slab's page, and whether the address is where it starts.
  func hardenedSlot(at address: UInt) -> (index: UInt, isStart: Bool) {
    hardenedSlot(at: address, pageMask: page.mask, isLarge: page.isLarge)
  }

  @inline(__always) func hardenedSlot(
    at address: UInt, pageMask: UInt, isLarge: Bool
  ) -> (index: UInt, isStart: Bool) {
    let offset = address & pageMask
    if !isLarge { return Reciprocal.divideInBasePage(offset, by: pointee.reciprocal &>> 32) }
    let index = offset / slotSize
    return (index, index &* slotSize == offset)
  }

  /// Whether a partial slab is one still when one more of its slots is used.
  @inline(__always) var staysPartial: Bool {
    UInt(pointee.slotCount) &- UInt(truncatingIfNeeded: pointee.countdown) > sparseLimit
  }

  /// Writes the canary of a slot that is handed out, unless somebody has written to it.
  @inline(__always) func handOut(_ slot: UInt, _ hardening: HardeningPointer) -> Bool {
    guard ZeroMemory.isClear(slot, slotSize, by8: slotSize % 16 != 0) else { return false }
    let canary = canary(of: slot)
    canary.pointee = hardening.canary(at: UInt(bitPattern: canary))
    return true
  }

  /// Whether nothing was written behind an object.
  @inline(__always) func hasCanary(_ slot: UInt, _ hardening: HardeningPointer) -> Bool {
    let canary = canary(of: slot)
    return canary.pointee == hardening.canary(at: UInt(bitPattern: canary))
  }

  /// The last word of a slot.
  @inline(__always) private func canary(of slot: UInt) -> UnsafeMutablePointer<UInt> {
    Canary.place(slot, slotSize)
  }

  /// Clears all slots of a slab that was carved.
  func clearSlots() {
    let start = UnsafeMutableRawPointer(bitPattern: pageAddress).unsafelyUnwrapped
    clear(start, UInt(pointee.slotCount) &* slotSize)
  }

  /// Takes a free slot of a slab that has one: from a random word on, the first word with one, and of that one at
  /// random. A slot is tried three times, each as likely; in a word with few of them the first free one after the last
  /// try has to do.
  @inline(__always) func claimAtRandom(_ hardening: HardeningPointer) -> UInt {
    var random = hardening.randomBits(28)
    let word = wordWithSlot(from: ((random &>> 18) &* UInt(pointee.wordCount)) &>> 10)
    let slots = self.word(word)
    let free = slots.pointee.free
    if free &>> random & 1 == 0 { random &>>= 6 }
    if free &>> random & 1 == 0 { random &>>= 6 }
    // From that bit on, and round: the word turned so far.
    let first = random % SlotWord.slotCount
    let turned = free &>> first | free &<< (0 &- first)
    let bit = (first &+ UInt(truncatingIfNeeded: turned.trailingZeroBitCount)) % SlotWord.slotCount
    slots.pointee.free = free ^ (1 &<< bit)
    return word &* SlotWord.slotCount &+ bit
  }

  /// Takes a free slot with an aligned address, of which only every `stride`th has one: from a random one on.
  func claimAtRandom(_ hardening: HardeningPointer, stride: UInt) -> UInt? {
    let count = (UInt(pointee.slotCount) &- 1) / stride &+ 1
    let first = hardening.randomBits(16) % count
    for step in 0..<count {
      let place = first &+ step
      let index = (place < count ? place : place &- count) &* stride
      if claim(slot: index) { return index }
    }
    return nil
  }

  /// Makes a slot that is used pending.
  func setAside(_ index: UInt) {
    word(SlotWord.word(ofSlot: index)).pointee.setAside |= 1 &<< SlotWord.bit(ofSlot: index)
  }

  /// Makes a slot that is pending available. Its bin has to take account of it.
  @inline(__always) func makeAvailable(_ index: UInt) {
    let slots = word(SlotWord.word(ofSlot: index))
    let bit: UInt = 1 &<< SlotWord.bit(ofSlot: index)
    slots.pointee.free |= bit
    // Opaque, or both halves are changed at once, at the price of moving the bit to a vector register.
    slots.pointee.setAside ^= slm_port_opaque(bit)
  }

  var setAsideCount: UInt {
    var count: UInt = 0
    for index in 0..<UInt(pointee.wordCount) {
      count &+= UInt(truncatingIfNeeded: word(index).pointee.setAside.nonzeroBitCount)
    }
    return count
  }
}
