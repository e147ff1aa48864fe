/// The part of a deallocation beyond setting a bit: a slab changes its state and its list.
extension UnsafeMutablePointer where Pointee == Bin {
  /// A slab's countdown has reached 0, and unless the slab is current its state changes.
  ///
  /// If no slot is ready and no current slab has a free slot, the one free slot of a full slab is the next to allocate.
  /// It only becomes ready, and no list changes. A bin whose slabs are all full therefore serves deallocations and
  /// allocations in turn without touching a list.
  func countedDown(_ slab: SlabPointer, slot index: UInt, at address: UInt) {
    switch slab.pointee.state {
    case .full:
      if readySlots == 0, pointee.current?.isUsedUp ?? true {
        let slots = slab.word(SlotWord.word(ofSlot: index))
        slots.pointee = SlotWord(free: 0, ready: slots.pointee.free)
        slab.pointee.countdown = 1
        makeReady(slots, from: address &- SlotWord.bit(ofSlot: index) &* pointee.slotSize)
      } else {
        slab.pointee.hint = UInt8(truncatingIfNeeded: SlotWord.word(ofSlot: index))
        enlist(slab, used: UInt(slab.pointee.slotCount) &- 1)
      }
    case .sparse:
      unlist(slab)
      enlist(slab, used: UInt(slab.pointee.slotCount) &- slab.sparseLimit)
    case .partial:
      pointee.partial.remove(slab)
      add(slab)
    case .current, .empty: break
    }
  }

  /// Records the number of a slab's used slots, and moves the slab to another list if its state changes.
  func update(_ slab: SlabPointer, used: UInt) {
    if slab.pointee.state == .current {
      slab.pointee.countdown = Int32(truncatingIfNeeded: used)
      return
    }
    let new = slab.state(used: used)
    if new == slab.pointee.state {
      slab.pointee.countdown = slab.countdown(in: new, used: used)
    } else {
      unlist(slab)
      enlist(slab, used: used)
    }
  }

  /// Puts a slab that is in no list into the list of its state.
  private func enlist(_ slab: SlabPointer, used: UInt) {
    let new = slab.state(used: used)
    enlist(slab, new)
    slab.pointee.countdown = slab.countdown(in: new, used: used)
  }

  @inline(never) private func unlist(_ slab: SlabPointer) {
    switch slab.pointee.state {
    case .partial: pointee.partial.remove(slab)
    case .sparse: pointee.sparse.remove(slab)
    case .empty: removeEmpty(slab)
    case .full, .current: break
    }
  }

  private func enlist(_ slab: SlabPointer, _ state: Slab.State) {
    slab.pointee.state = state
    switch state {
    case .partial: pointee.partial.append(slab)
    case .sparse: pointee.sparse.append(slab)
    case .empty: add(slab)
    case .full, .current: break
    }
  }
}

extension UnsafeMutablePointer where Pointee == Slab {
  /// Whether a current slab has no free slot.
  @inline(__always) fileprivate var isUsedUp: Bool {
    UInt32(truncatingIfNeeded: pointee.countdown) == pointee.slotCount
  }
}
