import CSlabPort
import CSlabmalloc

// The paths of most calls of a hardened zone. They are C functions that return a number. Each reaches the next by a
// jump, and none saves registers for rare cases.

/// Allocates if `directLimit` is 0: the zone is hardened or not initialised.
@c(slm_core_zone_allocate_hardened)
@inline(never)
@usableFromInline
func zoneAllocateHardened(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  guard zone.pointee.hardening != nil else { return 0 }
  if size <= SizeClass.directLimit - Canary.size {
    return zoneAllocateHardened(zone.raw, from: zone.directBin(withCanary(size)))
  }
  guard let index = zone.classIndex(size: size) else { return zoneAllocateRarely(zone.raw, size) }
  return zoneAllocateHardened(zone.raw, from: zone.bin(index))
}

/// Allocates from a bin of a hardened zone.
@c(slm_core_zone_allocate_hardened_from_bin)
@inline(never)
@usableFromInline
func zoneAllocateHardened(_ zone: UnsafeMutableRawPointer, from bin: UnsafeMutableRawPointer) -> UInt {
  let hardening = zone.assumingMemoryBound(to: ZoneState.self).pointee.hardening.unsafelyUnwrapped
  guard let slab = bin.assumingMemoryBound(to: Bin.self).pointee.partial.first, slab.isIntact(hardening),
    slab.staysPartial
  else {
    return zoneAllocateHardenedSlowly(zone, from: bin)
  }
  slab.pointee.countdown &+= 1
  let slot = slab.slot(slab.claimAtRandom(hardening))
  guard slab.handOut(slot, hardening) else { return zoneRetireSlot(zone, slab, slot) }
  return slot
}

/// Allocates if the bin's lists change or a guard is broken.
@c(slm_core_zone_allocate_hardened_slowly)
@inline(never)
@usableFromInline
func zoneAllocateHardenedSlowly(_ zone: UnsafeMutableRawPointer, from bin: UnsafeMutableRawPointer) -> UInt {
  var status = Status.ok
  let bin = bin.assumingMemoryBound(to: Bin.self)
  return bits(
    zone.assumingMemoryBound(to: ZoneState.self).allocateHardened(bin, nowait: false, status: &status))
}

/// Retires a claimed slot that was written while it was free.
@c(slm_core_zone_retire_slot)
@inline(never)
@usableFromInline
func zoneRetireSlot(_ zone: UnsafeMutableRawPointer, _ slab: UnsafeMutableRawPointer, _ slot: UInt) -> UInt {
  let slab = slab.assumingMemoryBound(to: Slab.self)
  slab.setAside(slab.slot(at: slot).index)
  let hardening = zone.assumingMemoryBound(to: ZoneState.self).pointee.hardening.unsafelyUnwrapped
  hardening.pointee.retired &+= 1
  hardening.pointee.failure = Status.writeAfterFree
  return slm_port_opaque(0)
}

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Deallocates an object of a slab of this zone. Fails if there is none at the address.
  @inline(__always) func deallocateHardened(
    _ slab: SlabPointer, _ address: UInt, _ hardening: HardeningPointer
  ) -> Status {
    guard slab.isIntact(hardening) else { return .overflow }
    let (index, isStart) = slab.slot(at: address)
    guard isStart, index < UInt(slab.pointee.slotCount) else { return .interiorPointer }
    let word = slab.word(SlotWord.word(ofSlot: index))
    guard word.pointee.freeSlots &>> index & 1 == 0 else { return .doubleFree }
    guard slab.hasCanary(address, hardening) else { return .overflow }
    let bit = slm_port_opaque(index)
    word.pointee.setAside |= 1 &<< bit
    let bin = bin(UInt(slab.pointee.binIndex))
    let available = bin.quarantine(address, hardening)
    if available != 0 {
      let isNear = available &- slab.pointee.start < slab.bytes
      guard let other = isNear ? slab : self.slab(around: available), other == slab || other.isIntact(hardening) else {
        return zoneKeepEvicted(hardening, address, slab.slotSize)
      }
      other.makeAvailable(other.slot(at: available).index)
      guard other.pointee.countdown > 1 else { return zoneCountAvailable(raw, other, address, slab.slotSize) }
      other.pointee.countdown &-= 1
    }
    clear(address, slab.slotSize)
    return .ok
  }
}

/// Ends a deallocation whose evicted slot is in a page with a broken guard. The evicted slot stays as it is, and the
/// next use of that page reports the overflow.
@c(slm_core_zone_keep_evicted)
@inline(never)
@usableFromInline
func zoneKeepEvicted(_ hardening: UnsafeMutableRawPointer, _ address: UInt, _ slotSize: UInt) -> Status {
  hardening.assumingMemoryBound(to: Hardening.self).pointee.retired &+= 1
  clear(address, slotSize)
  return .opaqueOK
}

/// Ends a deallocation that changes a slab's state.
@c(slm_core_zone_count_available)
@inline(never)
@usableFromInline
func zoneCountAvailable(
  _ zone: UnsafeMutableRawPointer, _ slab: UnsafeMutableRawPointer, _ address: UInt, _ slotSize: UInt
) -> Status {
  let slab = slab.assumingMemoryBound(to: Slab.self)
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  let bin = zone.bin(UInt(slab.pointee.binIndex))
  bin.update(slab, used: slab.used &- 1)
  clear(address, slotSize)
  if bin.hasManyEmpty { zone.trim(bin) }
  return .opaqueOK
}

/// Clears a slot.
@inline(__always) private func clear(_ address: UInt, _ slotSize: UInt) {
  clear(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped, slotSize)
}
