/// The bin of a hardened zone. No slab is current and no word is opened. Allocation takes random slots, and freed slots
/// wait in `quarantine`.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Takes a random slot; nil if none is available. The index is nil if a guard of the chosen slab is broken.
  @inline(never) func claimAtRandom(_ hardening: HardeningPointer) -> (slab: SlabPointer, index: UInt?)? {
    guard let slab = pointee.partial.first ?? pointee.sparse.first ?? pointee.empty.first else { return nil }
    guard slab.isIntact(hardening) else { return (slab, nil) }
    let index = slab.claimAtRandom(hardening)
    update(slab, used: slab.used &+ 1)
    return (slab, index)
  }

  /// The freed slots that wait. The zone must be hardened.
  @inline(__always) var quarantine: QuarantinePointer {
    UnsafeMutableRawPointer(self).advanced(by: Int(pointee.quarantineOffset)).assumingMemoryBound(to: Quarantine.self)
  }

  /// Inserts a freed slot. Returns the slot that it evicts, which has waited long enough, or 0.
  @inline(__always) func quarantine(_ slot: UInt, _ hardening: HardeningPointer) -> UInt {
    let quarantine = quarantine
    return quarantine.insert(slot, at: hardening.randomBits(4) & UInt(quarantine.pointee.length &- 1))
  }

  /// Ends the quarantine: makes all its slots available, because they are needed. `slabAround` finds the slab of a
  /// slot.
  @inline(never) func endQuarantine(_ hardening: HardeningPointer, _ slabAround: (UInt) -> SlabPointer?) {
    quarantine.removeAll { slot in
      guard let slab = slabAround(slot), slab.isIntact(hardening) else {
        hardening.pointee.retired &+= 1
        return
      }
      slab.makeAvailable(slab.slot(at: slot).index)
      update(slab, used: slab.used &- 1)
    }
  }
}
