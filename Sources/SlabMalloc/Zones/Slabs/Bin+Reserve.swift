/// A bin's reserve: empty slabs that no other bin and no reclaim may take.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Whether an empty slab may leave the bin: the reserve does not need it, and it lodges no table.
  @inline(__always) func isSpare(_ slab: SlabPointer) -> Bool {
    // The small library has neither: the byte belongs to the link of a chain.
    Build.isSmall
      || slab.pointee.lodgersLeft == 0 && pointee.emptySlots &- slab.pointee.slotCount >= pointee.reservedSlots
  }

  /// Takes the first empty slab that fits and may leave the bin.
  @inline(__always) func takeSpare(_ fits: (SlabPointer) -> Bool = { _ in true }) -> SlabPointer? {
    var candidate = pointee.empty.first
    while let slab = candidate {
      if fits(slab), isSpare(slab) {
        removeEmpty(slab)
        return slab
      }
      candidate = slab.pointee.next
    }
    return nil
  }
}
