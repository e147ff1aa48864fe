import CSlabPort
import CSlabmalloc

/// Deallocation. It checks the pointer in every build, in this order: the directory knows the page, the address starts
/// a slot, and the slot is used. After these checks the fast path sets one bit and decrements the slab's countdown.
///
///     deallocate(address) -> latest allocation: undo it
///                         -> directory -> start of a slot -> used -> set its bit, count down
///                            nothing: deallocateSlowly       no: statusOfMisuse          0: countedDown
///
/// A hardened zone leaves at the directory, because the head's view is empty there.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Deallocates a slot.
  @inline(__always) func deallocate(_ address: UInt) -> Status { deallocate(address) { zoneDeallocateSlowly($0, $1) } }

  /// Deallocates by a call, for callers to whom a call costs little. The fast path is not repeated there.
  @inline(__always) func deallocateByCall(_ address: UInt) -> Status {
    Build.isSmall ? zoneDeallocateSlowly(raw, address) : zoneDeallocateByCall(raw, address)
  }

  /// Deallocates a slot. The call goes to `slowly` if the head's directory has no slab there, because
  /// wrappers of zones have their own function there.
  @inline(__always) func deallocate(
    _ address: UInt, slowly: (UnsafeMutableRawPointer, UInt) -> Status
  ) -> Status {
    if Build.isSmall { return zoneDeallocateSlowly(raw, address) }
    guard _fastPath(address != pointee.head.last.slot) else { return undoLast(address, slowly: slowly) }
    guard let slab = view.probe(address) else { return slowly(raw, address) }
    return release(slab, address)
  }

  /// Frees a slot of a slab if the address is that of a used slot.
  @inline(__always) func release(_ slab: SlabPointer, _ address: UInt) -> Status {
    let (index, isStart) = slab.slot(at: address)
    guard isStart, UInt32(truncatingIfNeeded: index) < slab.pointee.slotCount else {
      return zoneStatusOfMisuse(raw, address)
    }
    return release(slab, address, index)
  }

  /// Frees a slot of a slab that the directory found, in any profile.
  @inline(__always) func release(found slab: SlabPointer, _ address: UInt) -> Status {
    if !Build.isSmall, let hardening = pointee.hardening {
      if _slowPath(hardening.pointee.isConstructed) { return zoneDeallocateConstructed(raw, address) }
      return deallocateHardened(slab, address, hardening)
    }
    return release(slab, address)
  }

  /// Frees the slot. The slot is used exactly if its bit is set in neither half of its word.
  @inline(__always) private func release(_ slab: SlabPointer, _ address: UInt, _ index: UInt) -> Status {
    let word = slab.word(SlotWord.word(ofSlot: index))
    guard word.pointee.freeSlots &>> index & 1 == 0 else { return zoneStatusOfMisuse(raw, address) }
    // The index is opaque. Otherwise the compiler shares 1 << index with the test above and sets the bit in four
    // instructions instead of one.
    let bit = slm_port_opaque(index)
    word.pointee.free |= 1 &<< bit
    slab.pointee.countdown &-= 1
    guard slab.pointee.countdown != 0 else { return zoneCountedDown(raw, address, slab, bit) }
    return .ok
  }

  /// Undoes the latest allocation. Its object is live, and nothing needs a check. The call goes to `slowly` if the
  /// record is no longer valid.
  @inline(__always) private func undoLast(
    _ address: UInt, slowly: (UnsafeMutableRawPointer, UInt) -> Status
  ) -> Status {
    undoLast() ? .ok : slowly(raw, address)
  }

  /// Undoes the latest allocation; false if its record is no longer valid.
  @inline(__always) func undoLast() -> Bool {
    guard let ready = pointee.head.last.ready else { return false }
    ready.pointee = pointee.head.last.slots
    forgetLast()
    return true
  }

  /// Deallocates a slot if it belongs to the bin.
  @inline(__always) func deallocate(_ address: UInt, to bin: BinPointer) -> Status {
    if Build.isSmall { return zoneDeallocateOfClass(raw, address, UInt(bin.pointee.index)) }
    // A word is ready for one bin only. The latest allocation is therefore this bin's.
    if _slowPath(address == pointee.head.last.slot), bin.pointee.ready == pointee.head.last.ready {
      return undoLast(address) { zoneDeallocateSlowly($0, $1) }
    }
    guard let slab = view.probe(address), slab.pointee.binIndex == bin.pointee.index else {
      return zoneDeallocateOfClass(raw, address, UInt(bin.pointee.index))
    }
    return release(slab, address)
  }

  /// Deallocates a slot that was allocated with this size.
  @inline(__always) func deallocate(_ address: UInt, size: UInt) -> Status {
    deallocate(address, size: size) { zoneDeallocateOtherSize($0, $1, $2) }
  }

  /// Deallocates a slot. The call goes to `otherSize` if `directLimit` excludes its size.
  @inline(__always) func deallocate(
    _ address: UInt, size: UInt, otherSize: (UnsafeMutableRawPointer, UInt, UInt) -> Status
  ) -> Status {
    guard !Build.isSmall, size &- 1 < pointee.head.directLimit else { return otherSize(raw, address, size) }
    return deallocate(address, to: directBin(size))
  }

  /// Deallocates a slot whose size is 0 or above `directLimit`. The call goes to `unready` if `directLimit` is 0.
  @inline(__always) func deallocateOtherSize(
    _ address: UInt, _ size: UInt, unready: (UnsafeMutableRawPointer, UInt, UInt) -> Status
  ) -> Status {
    guard !Build.isSmall, pointee.head.directLimit != 0, size &- 1 < SizeClass.fastLimit else {
      return unready(raw, address, size)
    }
    return deallocate(address, to: bin(SizeClass.index(size: size).unsafelyUnwrapped))
  }

  func deallocate(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    if isFast { return deallocateByCall(address) }
    guard address != 0 else { return .ok }
    guard let index = classIndex(size: size, alignment: alignment) else {
      return Build.isSmall ? .invalidLayout : deallocateRun(address, size: size, alignment: alignment)
    }
    return deallocate(address, to: bin(index))
  }

  /// The slab around an address in a page of the zone. nil if the zone has no such page.
  @inline(__always) func slab(around address: UInt) -> SlabPointer? {
    guard isInitialized, let directory = pointee.directory, let slab = directory.slab(around: address),
      Build.isSmall || slab.pointee.owner == pointee.owner || isHardened && !isIntact(slab)
    else { return nil }
    return slab
  }

  /// The slab of a used slot at an address. If there is none, returns nil and stores the reason in `status`.
  func lookUp(_ address: UInt, status: inout Status) -> SlabPointer? {
    guard isInitialized else { status = .notInitialized; return nil }
    guard let slab = slab(around: address) else {
      status = Build.isSmall ? .foreignPointer : statusOutsideSlabs(address)
      return nil
    }
    guard isIntact(slab) else { status = .overflow; return nil }
    switch slab.state(at: address) {
    case .used: return slab
    case .free: status = .doubleFree
    case .interior: status = .interiorPointer
    }
    return nil
  }
}
