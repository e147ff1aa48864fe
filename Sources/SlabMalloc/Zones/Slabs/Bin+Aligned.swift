/// Allocation at an alignment that only some slots of the class have.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Takes a free slot at an aligned address; nil if no free slot has one.
  func claim(alignment: UInt) -> UInt? {
    // A ready slot may fit. It returns to its slab, because only the slabs are searched.
    returnReady()
    return claim(alignment: alignment, in: pointee.current) ?? claim(alignment: alignment, inList: pointee.sparse.first)
      ?? claim(alignment: alignment, inList: pointee.partial.first)
      ?? claim(alignment: alignment, inList: pointee.empty.first)
  }

  private func claim(alignment: UInt, inList first: SlabPointer?) -> UInt? {
    var candidate = first
    while let slab = candidate {
      candidate = slab.pointee.next
      if let slot = claim(alignment: alignment, in: slab) { return slot }
    }
    return nil
  }

  private func claim(alignment: UInt, in slab: SlabPointer?) -> UInt? {
    guard let slab, let index = slab.claim(alignment: alignment) else { return nil }
    update(slab, used: slab.used &+ 1)
    return slab.slot(index)
  }
}
