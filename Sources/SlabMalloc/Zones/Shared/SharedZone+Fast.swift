import CSlabmalloc

// The fast paths of shared zones. A call of the C API leaves a plain zone's fast path at a face, and reaches these
// functions by a jump.
//
// They serve the two cheapest cases: a ready slot, and undoing the latest allocation. They make no call and therefore
// save no register. All other cases continue by a jump: `...Holding` while holding a zone's lock, `...Slowly` without
// one. A freestanding library calls hooks for each lock, and continues in the same function.
//
// The raw pointers are the shared zone and, where there is a third argument, one of its locked zones. The arguments
// have the fast path's order and stay in its registers.

@c(slm_core_shared_zone_allocate)
@inline(never)
@usableFromInline
func sharedZoneAllocate(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let shared = zone.assumingMemoryBound(to: SharedZone.self)
  return shared.allocateReady(size, from: shared.first)
}

@c(slm_core_shared_zone_allocate_on_cpu)
@inline(never)
@usableFromInline
func sharedZoneAllocateOnCPU(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let shared = zone.assumingMemoryBound(to: SharedZone.self)
  let cpu = Platform.cpuIfNumbered()
  guard cpu < shared.pointee.cpuCount else { return sharedZoneAllocateSlowly(zone, size) }
  return shared.allocateReady(size, from: shared.zone(cpu))
}

@c(slm_core_shared_zone_deallocate)
@inline(never)
@usableFromInline
func sharedZoneDeallocate(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  let shared = zone.assumingMemoryBound(to: SharedZone.self)
  return shared.deallocateReady(address, to: shared.first)
}

@c(slm_core_shared_zone_deallocate_on_cpu)
@inline(never)
@usableFromInline
func sharedZoneDeallocateOnCPU(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  let shared = zone.assumingMemoryBound(to: SharedZone.self)
  let cpu = Platform.cpuIfNumbered()
  guard cpu < shared.pointee.cpuCount else { return sharedZoneDeallocateSlowly(zone, address) }
  return shared.deallocateReady(address, to: shared.zone(cpu))
}

extension UnsafeMutablePointer where Pointee == SharedZone {
  @inline(__always) fileprivate func allocateReady(_ size: UInt, from own: LockedZonePointer) -> UInt {
    let raw = UnsafeMutableRawPointer(self)
    guard Build.isHosted else {
      own.pointee.gate.lock.acquireInline()
      return allocateHolding(size, own)
    }
    guard own.pointee.gate.lock.tryAcquire() else { return sharedZoneAllocateSlowly(raw, size) }
    guard let slot = own.zone.allocateReady(size) else { return sharedZoneAllocateOther(raw, size, own) }
    return own.pointee.gate.lock.release(returning: slot)
  }

  @inline(__always) fileprivate func deallocateReady(_ address: UInt, to own: LockedZonePointer) -> Status {
    let raw = UnsafeMutableRawPointer(self)
    guard Build.isHosted else {
      own.pointee.gate.lock.acquireInline()
      return sharedZoneDeallocateHolding(raw, address, own)
    }
    guard own.pointee.gate.lock.tryAcquire() else { return sharedZoneDeallocateSlowly(raw, address) }
    guard address == own.zone.pointee.head.last.slot, own.zone.undoLast() else {
      return sharedZoneDeallocateHolding(raw, address, own)
    }
    return Status(rawValue: Int32(truncatingIfNeeded: own.pointee.gate.lock.release(returning: 0)))
  }

  @inline(__always) fileprivate func allocateHolding(_ size: UInt, _ own: LockedZonePointer) -> UInt {
    let memory = bits(own.zone.allocate(size))
    // A detected write ends the call, and no other zone is asked.
    let isOver = memory != 0 || pointee.cpuCount == 0 || own.zone.writeFound != .ok
    own.pointee.gate.lock.releaseInline()
    return isOver ? memory : sharedZoneAllocateElsewhere(UnsafeMutableRawPointer(self), size)
  }

  @inline(__always) fileprivate func deallocateHolding(_ address: UInt, _ own: LockedZonePointer) -> Status {
    let status = own.zone.deallocate(address)
    own.pointee.gate.lock.releaseInline()
    return status
  }
}

/// Allocates if the lock is contended or the thread has no number yet.
@c(slm_core_shared_zone_allocate_slowly)
@inline(never)
@usableFromInline
func sharedZoneAllocateSlowly(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let own = zone.assumingMemoryBound(to: SharedZone.self).own
  own.pointee.gate.lock.acquire()
  return sharedZoneAllocateHolding(zone, size, own)
}

/// Allocates a size that is not in the table, while holding a zone's lock.
@c(slm_core_shared_zone_allocate_other)
@inline(never)
@usableFromInline
func sharedZoneAllocateOther(
  _ zone: UnsafeMutableRawPointer, _ size: UInt, _ locked: UnsafeMutableRawPointer
) -> UInt {
  let own = locked.assumingMemoryBound(to: LockedZone.self)
  guard let slot = own.zone.allocateOtherReady(size) else { return sharedZoneAllocateHolding(zone, size, locked) }
  return own.pointee.gate.lock.release(returning: slot)
}

@c(slm_core_shared_zone_allocate_holding)
@inline(never)
@usableFromInline
func sharedZoneAllocateHolding(
  _ zone: UnsafeMutableRawPointer, _ size: UInt, _ locked: UnsafeMutableRawPointer
) -> UInt {
  zone.assumingMemoryBound(to: SharedZone.self).allocateHolding(size, locked.assumingMemoryBound(to: LockedZone.self))
}

/// Allocates from other zones after the own zone failed.
@c(slm_core_shared_zone_allocate_elsewhere)
@inline(never)
@usableFromInline
func sharedZoneAllocateElsewhere(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let shared = zone.assumingMemoryBound(to: SharedZone.self)
  var status = Status.ok
  if size > SizeClass.fastLimit || shared.first.zone.classIndex(size: size) == nil {
    return bits(shared.allocate(size: size, alignment: 1, nowait: false, status: &status))
  }
  let memory = shared.allocateElsewhere(status: &status) {
    $0.allocate(size: size, alignment: 1, nowait: $1, status: &$2)
  }
  return bits(memory)
}

/// Deallocates if the lock is contended or the thread has no number yet.
@c(slm_core_shared_zone_deallocate_slowly)
@inline(never)
@usableFromInline
func sharedZoneDeallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  let own = zone.assumingMemoryBound(to: SharedZone.self).own
  own.pointee.gate.lock.acquire()
  return sharedZoneDeallocateHolding(zone, address, own)
}

@c(slm_core_shared_zone_deallocate_holding)
@inline(never)
@usableFromInline
func sharedZoneDeallocateHolding(
  _ zone: UnsafeMutableRawPointer, _ address: UInt, _ locked: UnsafeMutableRawPointer
) -> Status {
  let shared = zone.assumingMemoryBound(to: SharedZone.self)
  let own = locked.assumingMemoryBound(to: LockedZone.self)
  if shared.pointee.cpuCount == 0 { return shared.deallocateHolding(address, own) }
  if address == own.zone.pointee.head.last.slot, own.zone.undoLast() {
    own.pointee.gate.lock.releaseInline()
    return .opaqueOK
  }
  guard let slab = shared.directory.slab(around: address) else { return shared.deallocateOutsideSlabs(address, own) }
  let owner = UInt(slab.pointee.owner)
  if owner == UInt(own.zone.pointee.owner) {
    let status = own.zone.release(found: slab, address)
    own.pointee.gate.lock.releaseInline()
    return status
  }
  own.pointee.gate.lock.release()
  return sharedZoneDeallocateElsewhere(zone, address, owner)
}

extension UnsafeMutablePointer where Pointee == SharedZone {
  /// Deallocates a large object, or reports what the address is.
  @inline(never) fileprivate func deallocateOutsideSlabs(_ address: UInt, _ own: LockedZonePointer) -> Status {
    let status = own.zone.deallocateByCall(address)
    own.pointee.gate.lock.release()
    return status == .foreignPointer ? withOther(of: address) { $0.deallocateByCall(address) } : status
  }
}

/// Deallocates an object that belonged to another CPU's zone a moment ago.
@c(slm_core_shared_zone_deallocate_elsewhere)
@inline(never)
@usableFromInline
func sharedZoneDeallocateElsewhere(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ owner: UInt) -> Status {
  let shared = zone.assumingMemoryBound(to: SharedZone.self)
  var status = Status.foreignPointer
  if owner <= shared.pointee.cpuCount {
    let other = shared.zone(owner)
    other.pointee.gate.lock.acquire()
    if let slab = other.zone.slab(around: address) { status = other.zone.release(found: slab, address) }
    other.pointee.gate.lock.release()
  }
  return status == .foreignPointer ? shared.withOther(of: address) { $0.deallocateByCall(address) } : status
}

@c(slm_core_shared_zone_deallocate_sized)
@inline(never)
@usableFromInline
func sharedZoneDeallocate(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  zone.assumingMemoryBound(to: SharedZone.self).withOwner(of: address) { $0.deallocate(address, size: size) }
}
