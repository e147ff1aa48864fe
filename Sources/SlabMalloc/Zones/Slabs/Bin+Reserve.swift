/// A bin's reserve: empty slabs that no other bin and no reclaim may take.
extension UnsafeMutablePointer where Pointee == Bin {
  /// How many empty pages have so many slots with an alignment. Whatever an allocation takes, it is one of them at
  /// most.
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
