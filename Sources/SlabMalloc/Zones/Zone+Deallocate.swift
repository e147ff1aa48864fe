import CSlabPort
import CSlabmalloc

/// Deallocation. It checks the pointer in every build, in this order: the page map knows the page, the address starts a
/// slot, and the slot is used. After these checks the fast path sets one bit and decrements the slab's countdown.
///
///     deallocate(address) -> latest allocation: undo it
///                         -> first probe of the base pages -> start of a slot -> used -> set its bit, count down
///                            nothing: deallocateSlowly        no: detour         no: statusOfMisuse   0: countedDown
///
/// A hardened zone leaves at the detour, because no address passes for the start of a slot there.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Deallocates a slot.
  @inline(__always) func deallocate(_ address: UInt) -> Status { deallocate(address, slowly: zoneDeallocateSlowly) }

  /// Deallocates by a call, for callers to whom a call costs little. The fast path is not repeated there.
  @inline(__always) func deallocateByCall(_ address: UInt) -> Status {
    Build.isSmall ? zoneDeallocateRarely(raw, address) : zoneDeallocateByCall(raw, address)
  }

  /// Deallocates a slot. The call goes to `slowly` if the first probe finds nothing, because wrappers of zones have
  /// their own function there.
  @inline(__always) func deallocate(
    _ address: UInt, slowly: (UnsafeMutableRawPointer, UInt) -> Status
  ) -> Status {
    if Build.isSmall { return zoneDeallocateRarely(raw, address) }
    guard _fastPath(address != pointee.head.last.slot) else { return undoLast(address, slowly: slowly) }
    guard let slab = basePages.probe(address) else { return slowly(raw, address) }
    return release(slab, address)
  }

  /// Frees a slot in a base page of the zone if the address is that of a used slot.
  @inline(__always) func release(_ slab: SlabPointer, _ address: UInt) -> Status {
    let (index, isStart) = slab.baseSlot(at: address, pageMask: basePages.pointee.pageMask)
    guard isStart, index < UInt(slab.pointee.slotCount) else {
      return Build.isSmall ? zoneStatusOfMisuse(raw, address) : zoneDeallocateDetour(raw, address, slab)
    }
    return release(slab, address, index)
  }

  /// Frees a slot in a large page of the zone if the address is that of a used slot.
  @inline(__always) func releaseLarge(_ slab: SlabPointer, _ address: UInt) -> Status {
    let (index, isStart) = slab.largeSlot(at: address)
    guard isStart, index < UInt(slab.pointee.slotCount) else { return zoneDeallocateDetourLarge(raw, address, slab) }
    return release(slab, address, index)
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
      return undoLast(address, slowly: zoneDeallocateSlowly)
    }
    guard let slab = basePages.probe(address), slab.pointee.binIndex == bin.pointee.index else {
      return zoneDeallocateOfClass(raw, address, UInt(bin.pointee.index))
    }
    return release(slab, address)
  }

  /// Deallocates a slot that was allocated with this size.
  @inline(__always) func deallocate(_ address: UInt, size: UInt) -> Status {
    deallocate(address, size: size, otherSize: zoneDeallocateOtherSize)
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
    if !Build.isSmall, pointee.head.directLimit == 0 { return unready(raw, address, size) }
    guard !Build.isSmall || isInitialized else { return .notInitialized }
    guard address != 0 else { return .ok }
    guard let index = SizeClass.index(size: size) else { return isFast ? deallocateByCall(address) : .invalidLayout }
    return deallocate(address, to: bin(index))
  }

  /// Deallocates a slot that the first probe did not find. Most likely it is in a large page.
  @inline(__always) func deallocateSlowly(_ address: UInt) -> Status {
    guard !Build.isSmall, let slab = largePages.probeLarge(address) else { return zoneDeallocateRarely(raw, address) }
    return releaseLarge(slab, address)
  }

  func deallocate(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    if isFast { return deallocateByCall(address) }
    guard address != 0 else { return .ok }
    guard let index = classIndex(size: size, alignment: alignment) else {
      return .invalidLayout
    }
    return deallocate(address, to: bin(index))
  }

  /// The slab around an address in a page of the zone, with as many probes as needed. nil if the zone has no such page.
  func slab(around address: UInt) -> SlabPointer? {
    basePages.find(address) ?? (Build.isSmall ? nil : largePages.find(address))
  }

  /// The slab of a used slot at an address. If there is none, returns nil and stores the reason in `status`.
  func lookUp(_ address: UInt, status: inout Status) -> SlabPointer? {
    guard isInitialized else { status = .notInitialized; return nil }
    guard let slab = slab(around: address) else { status = .foreignPointer; return nil }
    guard isIntact(slab) else { status = .overflow; return nil }
    switch slab.state(at: address) {
    case .used: return slab
    case .free: status = .doubleFree
    case .interior: status = .interiorPointer
    }
    return nil
  }
}

// These C functions return a number, and the fast path therefore reaches them by a jump. The raw pointers are a zone
// and one of its slabs. The arguments have the fast path's order and stay in its registers.

@c(slm_core_zone_deallocate_by_call)
@inline(never)
@usableFromInline
func zoneDeallocateByCall(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocate(address)
}

/// Deallocates if the first probe found nothing.
@c(slm_core_zone_deallocate_slowly)
@inline(never)
@usableFromInline
func zoneDeallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocateSlowly(address)
}

/// Handles NULL, a crowded bucket, a foreign pointer, and memory without a zone.
@c(slm_core_zone_deallocate_rarely)
@inline(never)
@usableFromInline
func zoneDeallocateRarely(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  zone.checkInvariantsNowAndThen()
  if let slab = zone.basePages.find(address) { return zone.release(slab, address) }
  if !Build.isSmall, let slab = zone.largePages.find(address) { return zone.releaseLarge(slab, address) }
  if !zone.isInitialized { return .notInitialized }
  return address == 0 ? .ok : .foreignPointer
}

/// Deallocates if the first probe found no slab of the class with this index.
@c(slm_core_zone_deallocate_of_class)
@inline(never)
@usableFromInline
func zoneDeallocateOfClass(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ index: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if !Build.isSmall, let slab = zone.largePages.probeLarge(address), UInt(slab.pointee.binIndex) == index {
    return zone.releaseLarge(slab, address)
  }
  // The address may be the latest allocation, under another size.
  if zone.isFast { return zone.deallocateByCall(address) }
  if let slab = zone.slab(around: address), UInt(slab.pointee.binIndex) != index {
    // A wrong pointer is reported before a wrong layout.
    var status = Status.layoutMismatch
    _ = zone.lookUp(address, status: &status)
    return status
  }
  return zoneDeallocateRarely(zone.raw, address)
}

/// Deallocates if the size is 0 or beyond the table, or if the zone is hardened or not initialised.
@c(slm_core_zone_deallocate_other_size)
@inline(never)
@usableFromInline
func zoneDeallocateOtherSize(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocateOtherSize(address, size, unready: zoneDeallocateAnySize)
}

/// Deallocates if the zone is hardened or not initialised.
@c(slm_core_zone_deallocate_any_size)
@inline(never)
@usableFromInline
func zoneDeallocateAnySize(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocate(address, size: size, alignment: 1)
}

/// The address does not start a slot. In a hardened zone no address passes for a start, and most slots are freed here.
@c(slm_core_zone_deallocate_detour)
@inline(never)
@usableFromInline
func zoneDeallocateDetour(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ slab: UnsafeMutableRawPointer) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if !Build.isSmall, let hardening = zone.pointee.hardening {
    return zone.deallocateHardened(
      slab.assumingMemoryBound(to: Slab.self), address, hardening, pageMask: zone.basePages.pointee.pageMask,
      isLarge: false)
  }
  return zoneStatusOfMisuse(zone, address)
}

/// The detour of a large page.
@c(slm_core_zone_deallocate_detour_large)
@inline(never)
@usableFromInline
func zoneDeallocateDetourLarge(
  _ zone: UnsafeMutableRawPointer, _ address: UInt, _ slab: UnsafeMutableRawPointer
) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if !Build.isSmall, let hardening = zone.pointee.hardening {
    return zone.deallocateHardened(
      slab.assumingMemoryBound(to: Slab.self), address, hardening, pageMask: PageSize.large.mask, isLarge: true)
  }
  return zoneStatusOfMisuse(zone, address)
}

/// The status of a pointer that failed a check.
@c(slm_core_zone_status_of_misuse)
@inline(never)
@usableFromInline
func zoneStatusOfMisuse(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  var status = Status.ok
  _ = zone.assumingMemoryBound(to: ZoneState.self).lookUp(address, status: &status)
  return status
}

/// The slab's countdown has reached 0, and its state may change.
@c(slm_core_zone_counted_down)
@inline(never)
@usableFromInline
func zoneCountedDown(
  _ zone: UnsafeMutableRawPointer, _ address: UInt, _ slab: UnsafeMutableRawPointer, _ index: UInt
) -> Status {
  let slab = slab.assumingMemoryBound(to: Slab.self)
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  zone.forgetLast()
  zone.bin(UInt(slab.pointee.binIndex)).countedDown(slab, slot: index, at: address)
  zone.checkInvariantsNowAndThen()
  return .opaqueOK
}
