/// The bin of a hardened zone: no slab is current, no word is opened, and what is freed waits in `quarantine`.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Takes a random slot with an alignment. nil if no available slot's address fits.
  @inline(never) func claimAtRandom(alignment: UInt, _ hardening: HardeningPointer) -> (slab: SlabPointer, index: UInt)?
  {
    let stride = SizeClass.stride(slotSize: pointee.slotSize, alignment: alignment)
    if stride == 1 {
      guard let slab = pointee.partial.first ?? pointee.sparse.first ?? pointee.empty.first else { return nil }
      let index = slab.claimAtRandom(hardening)
      list(slab, used: slab.used &+ 1)
      return (slab, index)
    }
    return claimAtRandom(hardening, stride, inList: pointee.partial.first)
      ?? claimAtRandom(hardening, stride, inList: pointee.sparse.first)
      ?? claimAtRandom(hardening, stride, inList: pointee.empty.first)
  }

  @inline(never) private func claimAtRandom(
    _ hardening: HardeningPointer, _ stride: UInt, inList first: SlabPointer?
  ) -> (slab: SlabPointer, index: UInt)? {
    var candidate = first
    while let slab = candidate {
      candidate = slab.pointee.next
      guard let index = slab.claimAtRandom(hardening, stride: stride) else { continue }
      list(slab, used: slab.used &+ 1)
      return (slab, index)
    }
    return nil
  }

  /// Makes a slot that has waited in quarantine available.
  @inline(never) func makeAvailable(_ slot: UInt) {
    let slab = SlabPointer.around(slot, pageMask: pointee.page.mask)
    slab.makeAvailable(slab.slotByDivision(at: slot).index)
    list(slab, used: slab.used &- 1)
  }

  /// Makes all that waits available, where it is needed.
  @inline(never) func endQuarantine() { pointee.quarantine?.removeAll { makeAvailable($0) } }
}
