import CSlabPort

extension UnsafeMutablePointer where Pointee == Zone {
  /// Gives a slot back.
  @inline(__always) func deallocate(_ address: UInt) -> Status {
    guard let slab = basePages.probe(address) else { return deallocateSlowly(raw, address) }
    return release(slab, address, pageMask: basePages.pointee.pageMask)
  }

  /// Frees a slot of a slab that is the zone's. The checks are the point of it:
  /// - offset * reciprocal is index : fraction. The pointer starts a slot exactly if the fraction is below the reciprocal;
  /// - the slot is used exactly if its bit is set in neither half of its word.
  @inline(__always) func release(_ slab: SlabPointer, _ address: UInt, pageMask: UInt) -> Status {
    let (index, fraction) = (address & pageMask).multipliedFullWidth(by: slab.pointee.reciprocal)
    guard fraction < slab.pointee.reciprocal, index < slab.pointee.slotCount else { return refuse(raw, address) }
    let word = slab.pointee.words + Int(bitPattern: index &>> 6)
    let free = word.pointee.free
    let bit = UInt64(truncatingIfNeeded: index)
    guard ((free | word.pointee.pending) &>> bit) & 1 == 0 else { return refuse(raw, address) }
    guard free != 0 else { return releaseIntoFullWord(raw, address, slab, index) }
    // Opaque, or the compiler shares 1 << bit with the test above and sets the bit in four instructions, not in one.
    word.pointee.free = free | (1 &<< slm_port_opaque(bit))
    slab.pointee.used &-= 1
    guard slab.pointee.used != 0 else { return releaseLast(raw, address) }
    return ok
  }

  /// Gives a slot back if it is of the size class that the layout has.
  @inline(__always) func deallocate(_ address: UInt, index: UInt) -> Status {
    guard let slab = basePages.probe(address), UInt(slab.pointee.binIndex) == index else {
      return deallocateSlowly(raw, address, index)
    }
    return release(slab, address, pageMask: basePages.pointee.pageMask)
  }

  /// Gives back a slot that was allocated with a layout.
  @inline(__always) func deallocate(_ address: UInt, size: UInt) -> Status {
    guard size &- 1 < pointee.directLimit else { return deallocateOddSize(raw, address, size) }
    return deallocate(address, index: SizeClass.direct(size))
  }

  func deallocate(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    guard isInitialized else { return AllocationError.notInitialized.code }
    guard let index = SizeClass.index(size: size, alignment: alignment) else { return AllocationError.invalidLayout.code }
    return deallocate(address, index: index)
  }

  /// The slab around an address of the zone's, by whatever probes it takes.
  func slab(around address: UInt) -> SlabPointer? {
    basePages.find(address) ?? largePages.find(address)
  }

  /// The slab and the state of the slot at an address, or why it has none.
  func lookUp(_ address: UInt, status: inout Status) -> SlabPointer? {
    guard isInitialized else { status = AllocationError.notInitialized.code; return nil }
    guard let slab = slab(around: address) else { status = AllocationError.foreignPointer.code; return nil }
    switch slab.state(at: address) {
    case .used: return slab
    case .free: status = AllocationError.doubleFree.code
    case .interior: status = AllocationError.interiorPointer.code
    }
    return nil
  }
}

/// Not a base page in its first bucket: NULL, a large page, a crowded bucket, a foreign pointer, or no zone at all.
@c(slm_core_deallocate_slowly)
@inline(never)
@usableFromInline
func deallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Int32 {
  let zone = zone.assumingMemoryBound(to: Zone.self)
  if let slab = zone.largePages.probeLarge(address) {
    return zone.release(slab, address, pageMask: PageSize.large.mask)
  }
  guard let slab = zone.slab(around: address) else {
    if !zone.isInitialized { return AllocationError.notInitialized.code }
    return address == 0 ? ok : AllocationError.foreignPointer.code
  }
  return zone.release(slab, address, pageMask: slab.page.mask)
}

@c(slm_core_deallocate_slowly_as)
@inline(never)
@usableFromInline
func deallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ index: UInt) -> Int32 {
  let zone = zone.assumingMemoryBound(to: Zone.self)
  guard let slab = zone.slab(around: address) else { return deallocateSlowly(zone.raw, address) }
  guard UInt(slab.pointee.binIndex) == index else {
    // What the pointer is comes before what it should have been.
    var status = AllocationError.layoutMismatch.code
    _ = zone.lookUp(address, status: &status)
    return status
  }
  return zone.release(slab, address, pageMask: slab.page.mask)
}

@c(slm_core_deallocate_odd_size)
@inline(never)
@usableFromInline
func deallocateOddSize(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Int32 {
  let zone = zone.assumingMemoryBound(to: Zone.self)
  guard zone.isInitialized else { return AllocationError.notInitialized.code }
  guard let index = SizeClass.index(size: size) else { return AllocationError.invalidLayout.code }
  return deallocateSlowly(zone.raw, address, index)
}

/// The pointer failed a check: says which.
@c(slm_core_refuse)
@inline(never)
@usableFromInline
func refuse(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Int32 {
  var status = ok
  _ = zone.assumingMemoryBound(to: Zone.self).lookUp(address, status: &status)
  return status
}

/// A success that the compiler can't foresee: a caller that knew the result would call and not jump.
private var opaqueOK: Status { Status(truncatingIfNeeded: slm_port_opaque(0)) }

@c(slm_core_release_into_full_word)
@inline(never)
@usableFromInline
func releaseIntoFullWord(
  _ zone: UnsafeMutableRawPointer, _ address: UInt, _ slab: UnsafeMutableRawPointer, _ index: UInt
) -> Int32 {
  let slab = slab.assumingMemoryBound(to: Slab.self)
  let zone = zone.assumingMemoryBound(to: Zone.self)
  zone.bin(UInt(slab.pointee.binIndex)).release(slab, slot: index, at: address)
  return opaqueOK
}

/// Finds the slab once more: passing it would cost every deallocation a register.
@c(slm_core_release_last)
@inline(never)
@usableFromInline
func releaseLast(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Int32 {
  let zone = zone.assumingMemoryBound(to: Zone.self)
  if let slab = zone.slab(around: address) { zone.bin(UInt(slab.pointee.binIndex)).emptied(slab) }
  return opaqueOK
}
