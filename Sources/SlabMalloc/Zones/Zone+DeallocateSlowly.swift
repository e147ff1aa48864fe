import CSlabPort
import CSlabmalloc

// Where a deallocation continues when it leaves the fast path of Zone+Deallocate.
//
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
    if hardening.pointee.isConstructed { return zoneDeallocateConstructed(zone, address) }
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
    if hardening.pointee.isConstructed { return zoneDeallocateConstructed(zone, address) }
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
