import CSlabPort
import CSlabmalloc

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Gives a slot back.
  @inline(__always) func deallocate(_ address: UInt) -> Status { deallocate(address, slowly: zoneDeallocateSlowly) }

  /// The same where a call costs nothing that counts: the fast path is not repeated there.
  @inline(__always) func deallocateByCall(_ address: UInt) -> Status {
    Build.isSmall ? zoneDeallocateRarely(raw, address) : zoneDeallocateByCall(raw, address)
  }

  /// The same. `slowly` is where the call goes when the first probe finds nothing: who wraps zones has a function of
  /// its own there.
  @inline(__always) func deallocate(
    _ address: UInt, slowly: (UnsafeMutableRawPointer, UInt) -> Status
  ) -> Status {
    if Build.isSmall { return zoneDeallocateRarely(raw, address) }
    guard _fastPath(address != pointee.head.last.slot) else { return undoLast(address, slowly: slowly) }
    guard let slab = basePages.probe(address) else { return slowly(raw, address) }
    return release(slab, address)
  }

  /// Frees a slot of a base page of the zone's, if the address is that of a used slot.
  @inline(__always) func release(_ slab: SlabPointer, _ address: UInt) -> Status {
    let (index, isStart) = slab.baseSlot(at: address, pageMask: basePages.pointee.pageMask)
    guard isStart, index < UInt(slab.pointee.slotCount) else {
      return Build.isSmall ? zoneStatusOfMisuse(raw, address) : zoneDeallocateDetour(raw, address, slab)
    }
    return release(slab, address, index)
  }

  /// The same in a large page.
  @inline(__always) func releaseLarge(_ slab: SlabPointer, _ address: UInt) -> Status {
    let (index, isStart) = slab.largeSlot(at: address)
    guard isStart, index < UInt(slab.pointee.slotCount) else { return zoneDeallocateDetourLarge(raw, address, slab) }
    return release(slab, address, index)
  }

  /// The slot is used exactly if its bit is set in neither half of its word.
  @inline(__always) private func release(_ slab: SlabPointer, _ address: UInt, _ index: UInt) -> Status {
    let word = slab.word(SlotWord.word(ofSlot: index))
    guard word.pointee.freeSlots &>> index & 1 == 0 else { return zoneStatusOfMisuse(raw, address) }
    // Opaque, or the compiler shares 1 << index with the test before and sets the bit in four instructions, not in one.
    let bit = slm_port_opaque(index)
    word.pointee.free |= 1 &<< bit
    slab.pointee.countdown &-= 1
    guard slab.pointee.countdown != 0 else { return zoneCountedDown(raw, address, slab, bit) }
    return .ok
  }

  /// What was allocated last and is freed at once: a live object, so there is nothing to check. Unless it is no longer
  /// the last.
  @inline(__always) private func undoLast(
    _ address: UInt, slowly: (UnsafeMutableRawPointer, UInt) -> Status
  ) -> Status {
    undoLast() ? .ok : slowly(raw, address)
  }

  /// Undoes the latest allocation; false if it is no longer known.
  @inline(__always) func undoLast() -> Bool {
    guard let ready = pointee.head.last.ready else { return false }
    ready.pointee = pointee.head.last.slots
    forgetLast()
    return true
  }

  /// Gives a slot back if it is one of a bin's.
  @inline(__always) func deallocate(_ address: UInt, to bin: BinPointer) -> Status {
    if Build.isSmall { return zoneDeallocateOfClass(raw, address, UInt(bin.pointee.index)) }
    // A word is pending for one bin only, so the latest allocation is this bin's.
    if _slowPath(address == pointee.head.last.slot), bin.pointee.ready == pointee.head.last.ready {
      return undoLast(address, slowly: zoneDeallocateSlowly)
    }
    guard let slab = basePages.probe(address), slab.pointee.binIndex == bin.pointee.index else {
      return zoneDeallocateOfClass(raw, address, UInt(bin.pointee.index))
    }
    return release(slab, address)
  }

  /// Gives back a slot that was allocated with a size.
  @inline(__always) func deallocate(_ address: UInt, size: UInt) -> Status {
    deallocate(address, size: size, otherSize: zoneDeallocateOtherSize)
  }

  /// The same. `otherSize` is where the call goes when `directLimit` sends it away.
  @inline(__always) func deallocate(
    _ address: UInt, size: UInt, otherSize: (UnsafeMutableRawPointer, UInt, UInt) -> Status
  ) -> Status {
    guard !Build.isSmall, size &- 1 < pointee.head.directLimit else { return otherSize(raw, address, size) }
    return deallocate(address, to: directBin(size))
  }

  /// Gives back a slot whose size is 0, or above `directLimit`. `unready` is where the call goes when that is 0.
  @inline(__always) func deallocateOtherSize(
    _ address: UInt, _ size: UInt, unready: (UnsafeMutableRawPointer, UInt, UInt) -> Status
  ) -> Status {
    if !Build.isSmall, pointee.head.directLimit == 0 { return unready(raw, address, size) }
    guard !Build.isSmall || isInitialized else { return .notInitialized }
    guard address != 0 else { return .ok }
    guard let index = SizeClass.index(size: size) else { return isFast ? deallocateByCall(address) : .invalidLayout }
    return deallocate(address, to: bin(index))
  }

  /// Gives back a slot that is not in the first bucket that it could be in: of a large page, most likely.
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

  /// The slab around an address of the zone's, by whatever probes it takes.
  func slab(around address: UInt) -> SlabPointer? {
    basePages.find(address) ?? (Build.isSmall ? nil : largePages.find(address))
  }

  /// The slab and the state of the slot at an address, or why it has none.
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

// C functions that return a number, so that the fast path reaches them by a jump. The raw pointers are a zone and a
// slab of it. The arguments stand as they do in the fast path, whose registers they stay in.

@c(slm_core_zone_deallocate_by_call)
@inline(never)
@usableFromInline
func zoneDeallocateByCall(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocate(address)
}

/// The first probe found nothing.
@c(slm_core_zone_deallocate_slowly)
@inline(never)
@usableFromInline
func zoneDeallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocateSlowly(address)
}

/// NULL, a crowded bucket, a foreign pointer, or no zone at all.
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

/// The first probe found nothing of the class with this index.
@c(slm_core_zone_deallocate_of_class)
@inline(never)
@usableFromInline
func zoneDeallocateOfClass(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ index: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if !Build.isSmall, let slab = zone.largePages.probeLarge(address), UInt(slab.pointee.binIndex) == index {
    return zone.releaseLarge(slab, address)
  }
  // It may be the latest allocation, under another size.
  if zone.isFast { return zone.deallocateByCall(address) }
  if let slab = zone.slab(around: address), UInt(slab.pointee.binIndex) != index {
    // What the pointer is comes before what it should have been.
    var status = Status.layoutMismatch
    _ = zone.lookUp(address, status: &status)
    return status
  }
  return zoneDeallocateRarely(zone.raw, address)
}

/// The size is 0 or above what the table covers, the zone is hardened, or it is not initialised.
@c(slm_core_zone_deallocate_other_size)
@inline(never)
@usableFromInline
func zoneDeallocateOtherSize(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocateOtherSize(address, size, unready: zoneDeallocateAnySize)
}

/// The zone is hardened or not initialised.
@c(slm_core_zone_deallocate_any_size)
@inline(never)
@usableFromInline
func zoneDeallocateAnySize(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocate(address, size: size, alignment: 1)
}

/// The address is not the start of a slot. In a hardened zone none passes for one, and most slots are freed here.
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

/// The same in a large page.
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

/// The pointer failed a check: which one?
@c(slm_core_zone_status_of_misuse)
@inline(never)
@usableFromInline
func zoneStatusOfMisuse(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  var status = Status.ok
  _ = zone.assumingMemoryBound(to: ZoneState.self).lookUp(address, status: &status)
  return status
}

/// The slab was full, or is empty now.
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
