import CSlabmalloc

/// A zone or cache of the C API. It is a plain one, for one thread at a time, or a shared one. Each call checks here
/// which of the two it is.
///
/// The fast paths are those of a plain zone. A shared zone leaves them by its face.
struct AnyZone {
  private let head: UnsafeMutablePointer<ZoneHead>

  @inline(__always) init(_ zone: OpaquePointer) { head = UnsafeMutablePointer(zone) }

  @inline(__always) var plain: ZonePointer {
    UnsafeMutableRawPointer(head).assumingMemoryBound(to: ZoneState.self)
  }

  /// The shared zone; nil for a plain zone. The small library has only plain zones.
  @inline(__always) var shared: SharedZonePointer? {
    guard !Build.isSmall, head.pointee.face != .none else { return nil }
    return UnsafeMutableRawPointer(head).assumingMemoryBound(to: SharedZone.self)
  }

  /// One of the zones that it consists of. Fields that are equal in all zones and never change are read there without a
  /// lock.
  @inline(__always) var first: ZonePointer { shared?.first.zone ?? plain }

  /// The zone that has the large objects.
  @inline(__always) var reserves: ZonePointer { shared?.reserves.zone ?? plain }
}

/// The zones that a call concerns, as in SharedZone.
extension AnyZone {
  @inline(__always) func withOwn(_ body: (ZonePointer) -> Status) -> Status {
    Build.isSmall ? body(plain) : withOwnOfAny(body)
  }

  @inline(__always) func withOwner(of address: UInt, _ body: (ZonePointer) -> Status) -> Status {
    Build.isSmall ? body(plain) : withOwnerOfAny(address, body)
  }

  @inline(__always) func forEach(_ body: (ZonePointer) -> Bool) {
    if Build.isSmall { _ = body(plain) } else { forEachOfAny(body) }
  }

  /// Runs the body with one of the zones, while holding its lock. Each knows the directory of all.
  @inline(__always) func withOne(_ body: (ZonePointer) -> Void) {
    forEach {
      body($0)
      return false
    }
  }

  // Never inlined, because a call's body should exist once for plain and shared zones.

  @inline(never) private func withOwnOfAny(_ body: (ZonePointer) -> Status) -> Status {
    guard let shared else { return body(plain) }
    return shared.own.locked(body)
  }

  @inline(never) private func withOwnerOfAny(_ address: UInt, _ body: (ZonePointer) -> Status) -> Status {
    guard let shared else { return body(plain) }
    return shared.withOwner(of: address, body)
  }

  @inline(never) private func forEachOfAny(_ body: (ZonePointer) -> Bool) {
    guard let shared else {
      _ = body(plain)
      return
    }
    shared.forEach(body)
  }
}

// The C API's fast paths leave to these functions: for a face, a hardened zone or a rare size. The raw pointer is the
// head of the zone. The arguments have the fast path's order and stay in its registers.

@inline(__always) private func face(_ zone: UnsafeMutableRawPointer) -> ZoneHead.Face {
  zone.assumingMemoryBound(to: ZoneHead.self).pointee.face
}

@c(slm_core_any_zone_allocate_other_size)
@inline(never)
@usableFromInline
func anyZoneAllocateOtherSize(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  guard !Build.isSmall else { return 0 }
  let plain = zone.assumingMemoryBound(to: ZoneState.self)
  if plain.pointee.head.directLimit != 0 { return plain.allocateOtherSize(size) { _, _ in 0 } }
  switch face(zone) {
  case .anyThread: return sharedZoneAllocate(zone, size)
  case .perCPU: return sharedZoneAllocateOnCPU(zone, size)
  case .none: return zoneAllocateHardened(zone, size)
  }
}

@c(slm_core_any_zone_deallocate_slowly)
@inline(never)
@usableFromInline
func anyZoneDeallocateSlowly(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  guard !Build.isSmall else { return zoneDeallocateSlowly(zone, address) }
  if face(zone) == .anyThread { return sharedZoneDeallocate(zone, address) }
  return face(zone) == .perCPU ? sharedZoneDeallocateOnCPU(zone, address) : zoneDeallocateSlowly(zone, address)
}

@c(slm_core_any_zone_deallocate_other_size)
@inline(never)
@usableFromInline
func anyZoneDeallocateOtherSize(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  zone.assumingMemoryBound(to: ZoneState.self).deallocateOtherSize(address, size) { zone, address, size in
    !Build.isSmall && face(zone) != .none
      ? sharedZoneDeallocate(zone, address, size) : zoneDeallocateAnySize(zone, address, size)
  }
}

/// Allocates from a cache that is shared or not initialised.
@c(slm_core_any_cache_allocate)
@inline(never)
@usableFromInline
func anyCacheAllocate(_ zone: UnsafeMutableRawPointer) -> UInt {
  guard !Build.isSmall, face(zone) != .none else { return 0 }
  var status = Status.ok
  let memory = zone.assumingMemoryBound(to: SharedZone.self).allocate(status: &status) {
    $0.allocateObject(nowait: $1, status: &$2)
  }
  return bits(memory)
}

/// The fast paths. They are those of a plain zone, with the functions above as their ways out.
extension AnyZone {
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    plain.allocate(size) { anyZoneAllocateOtherSize($0, $1) }
  }

  @inline(__always) func allocateObject() -> UnsafeMutableRawPointer? {
    plain.allocateObject { anyCacheAllocate($0) }
  }

  @inline(__always) func deallocate(_ address: UInt) -> Status {
    plain.deallocate(address) { anyZoneDeallocateSlowly($0, $1) }
  }

  @inline(__always) func deallocate(_ address: UInt, size: UInt) -> Status {
    plain.deallocate(address, size: size) { anyZoneDeallocateOtherSize($0, $1, $2) }
  }
}
