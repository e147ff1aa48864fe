/// A bin's reserve: empty slabs that no other bin and no reclaim may take.
extension UnsafeMutablePointer where Pointee == Bin {
  /// The number of empty pages that have this many slots with the alignment. Each allocation takes at most one of these
  /// slots.
  func pages(for count: UInt, alignment: UInt) -> UInt {
    let slots = geometry.slotCount
    let stride = SizeClass.stride(slotSize: pointee.slotSize, alignment: alignment)
    return count == 0 ? 0 : (count - 1) / ((slots - 1) / stride + 1) + 1
  }

  /// An empty slab beyond the reserve.
  func takeSpare() -> SlabPointer? {
    pointee.emptyCount > pointee.reservedPages ? popEmpty() : nil
  }
}
