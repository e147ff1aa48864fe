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

/// Deallocates if the head's directory has no slab there: a large page, a deep level, a hardened zone, NULL, a foreign
/// pointer, or memory without a zone.
@c(slm_core_zone_deallocate_slowly)
@inline(never)
@usableFromInline
func zoneDeallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  zone.checkInvariantsNowAndThen()
  if let slab = zone.slab(around: address) { return zone.release(found: slab, address) }
  if !zone.isInitialized { return .notInitialized }
  if address == 0 { return .opaqueOK }
  return Build.isSmall ? .foreignPointer : zone.deallocateRun(address)
}

/// Deallocates if the head's directory shows no slab of the class with this index.
@c(slm_core_zone_deallocate_of_class)
@inline(never)
@usableFromInline
func zoneDeallocateOfClass(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ index: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  // The address may be the latest allocation, under another size.
  if zone.isFast || address == 0 { return zone.deallocateByCall(address) }
  let slab = zone.slab(around: address)
  if let slab, UInt(slab.pointee.binIndex) == index { return zoneDeallocateSlowly(zone.raw, address) }
  guard zone.isInitialized else { return .notInitialized }
  // A wrong pointer is reported before a wrong layout.
  var status = Status.layoutMismatch
  if zone.isLive(address, status: &status), zone.forgiveStayed(slab, index) { return zone.deallocateByCall(address) }
  return status
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
  let bin = zone.bin(UInt(slab.pointee.binIndex))
  bin.countedDown(slab, slot: index, at: address)
  if !Build.isSmall, bin.hasManyEmpty { zone.trim(bin) }
  zone.checkInvariantsNowAndThen()
  return .opaqueOK
}
