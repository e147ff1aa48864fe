/// What a deallocation does beyond setting a bit.
extension UnsafeMutablePointer where Pointee == Bin {
  /// Frees a slot of a word that had none free.
  ///
  /// If nothing else is at hand, it is the slot to allocate next: then it only becomes pending, and no list changes. So
  /// a bin whose slabs are all full serves one deallocation and one allocation in turn without touching a list.
  func release(_ slab: SlabPointer, slot index: UInt, at address: UInt) {
    let slots = slab.pointee.words + Int(index &>> 6)
    let bit: UInt64 = 1 &<< UInt64(index & 63)
    if pendingSlots == 0, pointee.current?.hasNoFreeWord ?? true {
      slots.pointee.pending = bit
      serve(slots, from: address &- (index & 63) &* pointee.slotSize)
      return
    }
    slots.pointee.free = bit
    slab.markFree(word: index &>> 6)
    slab.pointee.used &-= 1
    gainedSlots(slab)
  }

  /// A slab has free slots, perhaps none but free ones.
  func gainedSlots(_ slab: SlabPointer) {
    if slab.pointee.state == .full {
      slab.pointee.state = .partial
      pointee.partial.append(slab)
    }
    if slab.pointee.used == 0 { emptied(slab) }
  }

  /// The last used slot of a slab was freed. A current slab stays what it is.
  func emptied(_ slab: SlabPointer) {
    guard slab.pointee.state == .partial else { return }
    pointee.partial.remove(slab)
    // The word allocated from may be a used-up one of this slab, which can now leave the bin.
    forget(slab)
    add(slab)
  }
}
