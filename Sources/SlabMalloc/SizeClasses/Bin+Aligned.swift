/// Allocation at an alignment that only some slots of the class have.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Takes a slot at an aligned address, wherever there is one. nil if no free slot's address fits.
  func claim(alignment: UInt) -> UInt? {
    // What is pending may fit: it goes back to where it is searched.
    settle()
    if let slab = pointee.current, let index = slab.claim(alignment: alignment) { return slab.slot(index) }
    if let slot = claim(alignment: alignment, in: pointee.partial.first) { return slot }
    return claim(alignment: alignment, in: pointee.empty.first)
  }

  private func claim(alignment: UInt, in list: SlabPointer?) -> UInt? {
    var candidate = list
    while let slab = candidate {
      candidate = slab.pointee.next
      guard let index = slab.claim(alignment: alignment) else { continue }
      lostSlot(slab)
      return slab.slot(index)
    }
    return nil
  }

  /// A slot was taken from a slab that is in a list.
  private func lostSlot(_ slab: SlabPointer) {
    if slab.pointee.state == .empty {
      pointee.empty.remove(slab)
      slab.pointee.state = .partial
      pointee.partial.append(slab)
    }
    if slab.used == UInt(slab.pointee.slotCount) {
      pointee.partial.remove(slab)
      slab.becomeFull()
    }
  }
}
