/// A bin's reserve: empty slabs that no other bin and no reclaim may take.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Whether an empty slab may leave the bin: the reserve does not need it, and it lodges no table.
  @inline(__always) func isSpare(_ slab: SlabPointer) -> Bool {
    slab.pointee.lodgersLeft == 0 && pointee.emptySlots &- slab.pointee.slotCount >= pointee.reservedSlots
  }

  /// Takes the first empty slab of at most `most` bytes that is not needed for the reserve.
  func takeSpare(atMost most: UInt) -> SlabPointer? {
    var candidate = pointee.empty.first
    while let slab = candidate {
      if slab.bytes <= most, isSpare(slab) {
        removeEmpty(slab)
        return slab
      }
      candidate = slab.pointee.next
    }
    return nil
  }
}
