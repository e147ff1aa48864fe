import CSlabPort
import CSlabmalloc

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Gives a slot back.
  @inline(__always) func deallocate(_ address: UInt) -> Status {
    if Build.isSmall { return deallocateRarely(raw, address) }
    guard _fastPath(address != pointee.last.slot) else { return undoLast(address) }
    guard let slab = basePages.probe(address) else { return deallocateSlowly(raw, address) }
    return release(slab, address)
  }

  /// Frees a slot of a base page of the zone's, if the address is that of a used slot.
  @inline(__always) func release(_ slab: SlabPointer, _ address: UInt) -> Status {
    let (index, isStart) = slab.baseSlot(at: address, pageMask: basePages.pointee.pageMask)
    guard isStart, index < UInt(slab.pointee.slotCount) else {
      return Build.isSmall ? refuseChecked(raw, address) : refuse(raw, address, slab)
    }
    return release(slab, address, index)
  }

  /// The same in a large page.
  @inline(__always) func releaseLarge(_ slab: SlabPointer, _ address: UInt) -> Status {
    let (index, isStart) = slab.largeSlot(at: address)
    guard isStart, index < UInt(slab.pointee.slotCount) else { return refuseLarge(raw, address, slab) }
    return release(slab, address, index)
  }

  /// The slot is used exactly if its bit is set in neither half of its word.
  @inline(__always) private func release(_ slab: SlabPointer, _ address: UInt, _ index: UInt) -> Status {
    let word = slab.word(SlotWord.word(ofSlot: index))
    guard word.pointee.freeSlots &>> index & 1 == 0 else { return refuseChecked(raw, address) }
    // Opaque, or the compiler shares 1 << index with the test before and sets the bit in four instructions, not in one.
    let bit = slm_port_opaque(index)
    word.pointee.free |= 1 &<< bit
    slab.pointee.countdown &-= 1
    guard slab.pointee.countdown != 0 else { return slabCountedDown(raw, address, slab, bit) }
    return .ok
  }

  /// What was allocated last and is freed at once: a live object, so there is nothing to check. Unless it is no longer the
  /// last.
  @inline(__always) private func undoLast(_ address: UInt) -> Status {
    guard let pending = pointee.last.pending else { return deallocateSlowly(raw, address) }
    pending.pointee = pointee.last.slots
    forgetLast()
    return .ok
  }

  /// Gives a slot back if it is one of a bin's.
  @inline(__always) func deallocate(_ address: UInt, to bin: BinPointer) -> Status {
    if Build.isSmall { return deallocateSlowly(raw, address, UInt(bin.pointee.index)) }
    // A word is pending for one bin only, so the latest allocation is this bin's.
    if _slowPath(address == pointee.last.slot), bin.pointee.pending == pointee.last.pending { return undoLast(address) }
    guard let slab = basePages.probe(address), slab.pointee.binIndex == bin.pointee.index else {
      return deallocateSlowly(raw, address, UInt(bin.pointee.index))
    }
    return release(slab, address)
  }

  /// Gives back a slot that was allocated with a size.
  @inline(__always) func deallocate(_ address: UInt, size: UInt) -> Status {
    guard !Build.isSmall, size &- 1 < pointee.directLimit else { return deallocateOtherSize(raw, address, size) }
    return deallocate(address, to: directBin(size))
  }

  func deallocate(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    if isFast { return deallocate(address) }
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

/// Not a base page in its first bucket: a large page, most likely.
@c(slm_core_deallocate_slowly)
@inline(never)
@usableFromInline
func deallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  guard !Build.isSmall, let slab = zone.largePages.probeLarge(address) else {
    return deallocateRarely(zone.raw, address)
  }
  return zone.releaseLarge(slab, address)
}

/// NULL, a crowded bucket, a foreign pointer, or no zone at all.
@c(slm_core_deallocate_rarely)
@inline(never)
@usableFromInline
func deallocateRarely(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if let slab = zone.basePages.find(address) { return zone.release(slab, address) }
  if !Build.isSmall, let slab = zone.largePages.find(address) { return zone.releaseLarge(slab, address) }
  if !zone.isInitialized { return .notInitialized }
  return address == 0 ? .ok : .foreignPointer
}

/// The same for a slot of a class.
@c(slm_core_deallocate_slowly_as)
@inline(never)
@usableFromInline
func deallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ index: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if !Build.isSmall, let slab = zone.largePages.probeLarge(address), UInt(slab.pointee.binIndex) == index {
    return zone.releaseLarge(slab, address)
  }
  // It may be the latest allocation, under another size.
  if zone.isFast { return zone.deallocate(address) }
  if let slab = zone.slab(around: address), UInt(slab.pointee.binIndex) != index {
    // What the pointer is comes before what it should have been.
    var status = Status.layoutMismatch
    _ = zone.lookUp(address, status: &status)
    return status
  }
  return deallocateRarely(zone.raw, address)
}

@c(slm_core_deallocate_other_size)
@inline(never)
@usableFromInline
func deallocateOtherSize(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  // Hardened, or not initialised.
  if !Build.isSmall, zone.pointee.directLimit == 0 { return deallocateRarely(zone.raw, address, size) }
  guard !Build.isSmall || zone.isInitialized else { return .notInitialized }
  guard address != 0 else { return .ok }
  guard let index = SizeClass.index(size: size) else {
    return zone.isFast ? zone.deallocate(address) : .invalidLayout
  }
  return zone.deallocate(address, to: zone.bin(index))
}

/// The zone is hardened or not initialised.
@inline(never)
private func deallocateRarely(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  return zone.deallocate(address, size: size, alignment: 1)
}

/// The pointer failed a check: says which. In a hardened zone each does, and most are freed here.
@c(slm_core_refuse)
@inline(never)
@usableFromInline
func refuse(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ slab: UnsafeMutableRawPointer) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if !Build.isSmall, let hardening = zone.pointee.hardening {
    return zone.deallocateHardened(
      slab.assumingMemoryBound(to: Slab.self), address, hardening, pageMask: zone.basePages.pointee.pageMask,
      isLarge: false)
  }
  return refuseChecked(zone, address)
}

/// The same of a large page.
@c(slm_core_refuse_large)
@inline(never)
@usableFromInline
func refuseLarge(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ slab: UnsafeMutableRawPointer) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if !Build.isSmall, let hardening = zone.pointee.hardening {
    return zone.deallocateHardened(
      slab.assumingMemoryBound(to: Slab.self), address, hardening, pageMask: PageSize.large.mask, isLarge: true)
  }
  return refuseChecked(zone, address)
}

@c(slm_core_refuse_checked)
@inline(never)
@usableFromInline
func refuseChecked(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  var status = Status.ok
  _ = zone.assumingMemoryBound(to: ZoneState.self).lookUp(address, status: &status)
  return status
}

/// The slab was full, or is empty now.
@c(slm_core_counted_down)
@inline(never)
@usableFromInline
func slabCountedDown(
  _ zone: UnsafeMutableRawPointer, _ address: UInt, _ slab: UnsafeMutableRawPointer, _ index: UInt
) -> Status {
  let slab = slab.assumingMemoryBound(to: Slab.self)
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  zone.forgetLast()
  zone.bin(UInt(slab.pointee.binIndex)).countedDown(slab, slot: index, at: address)
  return .opaqueOK
}
