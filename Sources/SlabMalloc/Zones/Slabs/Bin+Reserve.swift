/// A bin's reserve: empty slabs that no other bin and no reclaim may take.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Whether an empty slab is not needed for the reserve.
  @inline(__always) func isSpare(_ slab: SlabPointer) -> Bool {
    pointee.emptySlots &- slab.pointee.slotCount >= pointee.reservedSlots
  }

  /// Takes the first empty slab of at most `most` bytes that is not needed for the reserve.
  func takeSpare(atMost most: UInt) -> SlabPointer? {
    var candidate = pointee.empty.first
    while let slab = candidate {
      if slab.bytes <= most {
        guard isSpare(slab) else { return nil }
        removeEmpty(slab)
        return slab
      }
      candidate = slab.pointee.next
    }
    return nil
  }
}
