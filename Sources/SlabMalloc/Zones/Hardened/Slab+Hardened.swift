import CSlabPort

/// The slots of a hardened zone's slab. No word of the slab is opened for allocation. The pending halves of its words
/// hold the slots that are neither available nor live: they are in quarantine or retired.
extension UnsafeMutablePointer where Pointee == Slab {
  /// Whether a partial slab stays partial when one more of its slots is used.
  @inline(__always) var staysPartial: Bool {
    UInt(pointee.slotCount) &- UInt(truncatingIfNeeded: pointee.countdown) > sparseLimit
  }

  /// Writes the canary of a slot that is allocated. False if the slot was written while it was free.
  @inline(__always) func handOut(_ slot: UInt, _ hardening: HardeningPointer) -> Bool {
    guard ZeroMemory.isClear(slot, slotSize, by8: slotSize % 16 != 0) else { return false }
    let canary = canary(of: slot)
    canary.pointee = hardening.canary(at: UInt(bitPattern: canary), of: address)
    return true
  }

  /// Whether the object's canary is intact.
  @inline(__always) func hasCanary(_ slot: UInt, _ hardening: HardeningPointer) -> Bool {
    let canary = canary(of: slot)
    return canary.pointee == hardening.canary(at: UInt(bitPattern: canary), of: address)
  }

  /// The last word of a slot.
  @inline(__always) private func canary(of slot: UInt) -> UnsafeMutablePointer<UInt> {
    Canary.place(slot, slotSize)
  }

  /// Clears all slots of a newly carved slab.
  func clearSlots() {
    let start = UnsafeMutableRawPointer(bitPattern: pointee.start).unsafelyUnwrapped
    clear(start, UInt(pointee.slotCount) &* slotSize)
  }

  /// Takes a free slot. The slab must have one. The search for a word with a free slot starts at a random word, and a
  /// random slot of the found word is taken. Three random slots are tried, each equally likely. In a word with few free
  /// slots, the first free slot after the last try is taken.
  @inline(__always) func claimAtRandom(_ hardening: HardeningPointer) -> UInt {
    var random = hardening.randomBits(28)
    let word = wordWithSlot(from: ((random &>> 18) &* UInt(pointee.wordCount)) &>> 10)
    let slots = self.word(word)
    let free = slots.pointee.free
    if free &>> random & 1 == 0 { random &>>= 6 }
    if free &>> random & 1 == 0 { random &>>= 6 }
    // The search starts at that bit and wraps around: the word is rotated this far.
    let first = random % SlotWord.slotCount
    let turned = free &>> first | free &<< (0 &- first)
    let bit = (first &+ UInt(truncatingIfNeeded: turned.trailingZeroBitCount)) % SlotWord.slotCount
    slots.pointee.free = free ^ (1 &<< bit)
    return word &* SlotWord.slotCount &+ bit
  }

  /// Makes a used slot pending.
  func setAside(_ index: UInt) {
    word(SlotWord.word(ofSlot: index)).pointee.setAside |= 1 &<< SlotWord.bit(ofSlot: index)
  }

  /// Makes a pending slot available. The bin must update its counts.
  @inline(__always) func makeAvailable(_ index: UInt) {
    let slots = word(SlotWord.word(ofSlot: index))
    let bit: UInt = 1 &<< SlotWord.bit(ofSlot: index)
    slots.pointee.free |= bit
    // The bit is opaque. Otherwise the compiler changes both halves at once and has to move the bit to a vector
    // register.
    slots.pointee.setAside ^= slm_port_opaque(bit)
  }
}
