/// The bin of a hardened zone. No slab is current and no word is opened. Allocation takes random slots, and freed slots
/// wait in `quarantine`.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Takes a random slot with an alignment that every `stride`th slot has. nil if no available slot has it. The index
  /// is nil if a guard of the chosen or searched slab is broken.
  @inline(never) func claimAtRandom(stride: UInt, _ hardening: HardeningPointer) -> (slab: SlabPointer, index: UInt?)? {
    if stride == 1 {
      guard let slab = pointee.partial.first ?? pointee.sparse.first ?? pointee.empty.first else { return nil }
      guard slab.isIntact(hardening) else { return (slab, nil) }
      let index = slab.claimAtRandom(hardening)
      update(slab, used: slab.used &+ 1)
      return (slab, index)
    }
    return claimAtRandom(stride: stride, hardening, inList: pointee.partial.first)
      ?? claimAtRandom(stride: stride, hardening, inList: pointee.sparse.first)
      ?? claimAtRandom(stride: stride, hardening, inList: pointee.empty.first)
  }

  private func claimAtRandom(
    stride: UInt, _ hardening: HardeningPointer, inList first: SlabPointer?
  ) -> (slab: SlabPointer, index: UInt?)? {
    var candidate = first
    while let slab = candidate {
      guard slab.isIntact(hardening) else { return (slab, nil) }
      candidate = slab.pointee.next
      guard let index = slab.claimAtRandom(hardening, stride: stride) else { continue }
      update(slab, used: slab.used &+ 1)
      return (slab, index)
    }
    return nil
  }

  /// Inserts a freed slot. Returns the slot that it evicts, which has waited long enough, or 0.
  @inline(__always) func quarantine(_ slot: UInt, _ hardening: HardeningPointer) -> UInt {
    let quarantine = pointee.quarantine.unsafelyUnwrapped
    return quarantine.insert(slot, at: hardening.randomBits(4) & UInt(quarantine.pointee.length &- 1))
  }

  /// Ends the quarantine: makes all its slots available, because they are needed.
  @inline(never) func endQuarantine(_ hardening: HardeningPointer) {
    pointee.quarantine?.removeAll { makeAvailable($0, hardening) }
  }

  private func makeAvailable(_ slot: UInt, _ hardening: HardeningPointer) {
    let slab = SlabPointer.around(slot, pageMask: pointee.page.mask)
    guard slab.isIntact(hardening) else {
      hardening.pointee.retired &+= 1
      return
    }
    slab.makeAvailable(slab.hardenedSlot(at: slot).index)
    update(slab, used: slab.used &- 1)
  }
}
