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
}
