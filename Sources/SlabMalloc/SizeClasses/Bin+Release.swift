/// What a deallocation does beyond setting a bit.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Frees a slot of a word that had none free. The slab may have been full until now.
  func release(_ slab: SlabPointer, slot index: UInt) {
    slab.pointee.words[Int(index &>> 6)].free |= 1 &<< UInt64(index & 63)
    slab.markFree(word: index &>> 6)
    slab.pointee.used &-= 1
    if slab.pointee.state == .full {
      slab.pointee.state = .partial
      pointee.partial.append(slab)
    }
    if slab.pointee.used == 0 { emptied(slab) }
  }

  /// The count of used slots reached 0. That means nothing while the slab is current, see `Slab.used`.
  func emptied(_ slab: SlabPointer) {
    guard slab.pointee.state == .partial else { return }
    pointee.partial.remove(slab)
    add(slab)
  }

  /// Takes a slot at an aligned address, wherever there is one. nil if no free slot's address fits.
  func claim(alignment: UInt) -> UInt? {
    if let slab = pointee.current, let index = slab.claim(alignment: alignment) { return slab.slot(index) }
    var candidate = pointee.partial.first ?? pointee.empty.first
    while let slab = candidate {
      candidate = slab.pointee.next ?? (slab.pointee.state == .partial ? pointee.empty.first : nil)
      guard let index = slab.claim(alignment: alignment) else { continue }
      slotClaimed(slab)
      return slab.slot(index)
    }
    return nil
  }

  /// Accounts for a slot taken from a slab that is not current.
  private func slotClaimed(_ slab: SlabPointer) {
    slab.pointee.used &+= 1
    if slab.pointee.state == .empty {
      pointee.empty.remove(slab)
      slab.pointee.state = .partial
      pointee.partial.append(slab)
    }
    if slab.pointee.used == Int32(slab.pointee.slotCount) {
      pointee.partial.remove(slab)
      slab.pointee.state = .full
    }
  }
}
