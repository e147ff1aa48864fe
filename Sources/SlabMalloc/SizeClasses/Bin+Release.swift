/// What a deallocation does beyond setting a bit.
extension UnsafeMutablePointer where Pointee == Bin {
  /// A slab's countdown has reached 0: it was full and a slot of it is free now, or its last used slot is.
  ///
  /// If nothing else is at hand, the one free slot of a full slab is the next to allocate: then it only becomes pending, and
  /// no list changes. So a bin whose slabs are all full serves a deallocation and an allocation in turn without touching a
  /// list.
  func countedDown(_ slab: SlabPointer, slot index: UInt, at address: UInt) {
    guard slab.pointee.state == .full else { return emptied(slab) }
    if pendingSlots == 0, pointee.current?.isUsedUp ?? true {
      let slots = slab.word(index &>> 6)
      slots.pointee = SlotWord(free: 0, pending: slots.pointee.free)
      slab.pointee.countdown = 1
      serve(slots, from: address &- (index & 63) &* pointee.slotSize)
    } else {
      slab.pointee.hint = UInt8(truncatingIfNeeded: index &>> 6)
      gained(slab, 1)
    }
  }

  /// A slab has so many more free slots, perhaps none but free ones.
  func gained(_ slab: SlabPointer, _ count: Int32) {
    if slab.pointee.state == .full {
      slab.pointee.state = .partial
      slab.pointee.countdown = Int32(truncatingIfNeeded: slab.pointee.slotCount)
      pointee.partial.append(slab)
    }
    slab.pointee.countdown &-= count
    if slab.pointee.countdown == 0 { emptied(slab) }
  }

  /// The last used slot of a slab was freed. A current slab stays what it is.
  private func emptied(_ slab: SlabPointer) {
    guard slab.pointee.state == .partial else { return }
    slab.pointee.hint = 0
    pointee.partial.remove(slab)
    // The word allocated from may be a used-up one of this slab, which can now leave the bin.
    forget(slab)
    add(slab)
  }
}

extension UnsafeMutablePointer where Pointee == Slab {
  /// Whether a current slab has no free slot.
  @inline(__always) fileprivate var isUsedUp: Bool {
    UInt32(truncatingIfNeeded: pointee.countdown) == pointee.slotCount
  }
}
