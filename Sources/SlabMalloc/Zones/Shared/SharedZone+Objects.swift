import CSlabmalloc

/// Objects in and out. Memory is cleared and copied by the callers, without a lock.
extension UnsafeMutablePointer where Pointee == SharedZone {
  /// Allocates from the own zone, then from others. The body does it with a zone; `nowait` is passed to it, and is true for others.
  @inline(__always) func allocate(
    nowait: Bool = false, status: inout Status,
    _ body: (ZonePointer, _ nowait: Bool, inout Status) -> UnsafeMutableRawPointer?
  ) -> UnsafeMutableRawPointer? {
    withOwn { body($0, nowait, &status) } ?? allocateElsewhere(status: &status, body)
  }

  /// What the own zone could not get may be in another's, as a slot or as an empty page; else it is in the reserve. A write that was found
  /// in a hardened zone's memory ends the call, wherever it is found.
  @inline(never) func allocateElsewhere(
    status: inout Status, _ body: (ZonePointer, _ nowait: Bool, inout Status) -> UnsafeMutableRawPointer?
  ) -> UnsafeMutableRawPointer? {
    guard pointee.cpuCount != 0, !status.reportsWrite, status != .invalidLayout else { return nil }
    var memory: UnsafeMutableRawPointer?
    var why = Status.ok
    forEachFromNext {
      memory = body($0, true, &why)
      return memory == nil && !why.reportsWrite
    }
    if memory != nil { status = .ok } else if why.reportsWrite { status = why }
    return memory
  }
}

// What the fast paths of the C API reach by a jump when they left at a face. The raw pointer is the shared zone. The arguments stand as
// they do in the fast path, whose registers they stay in.

@c(slm_core_shared_zone_allocate)
@inline(never)
@usableFromInline
func sharedZoneAllocate(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let shared = zone.assumingMemoryBound(to: SharedZone.self)
  guard shared.pointee.cpuCount != 0 else { return shared.first.locked { bits($0.allocate(size)) } }
  // 1 says that the own zone found a write, and no other is to be asked.
  let memory = shared.zone(shared.ownIndex).locked { zone in
    let memory = bits(zone.allocate(size))
    return _fastPath(memory != 0) ? memory : zone.writeFound == .ok ? 0 : 1
  }
  if _fastPath(memory > 1) { return memory }
  return memory == 1 ? 0 : sharedZoneAllocateElsewhere(zone, size)
}

/// The own zone has nothing.
@c(slm_core_shared_zone_allocate_elsewhere)
@inline(never)
@usableFromInline
func sharedZoneAllocateElsewhere(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  var status = Status.ok
  let memory = zone.assumingMemoryBound(to: SharedZone.self).allocateElsewhere(status: &status) {
    $0.allocate(size: size, alignment: 1, nowait: $1, status: &$2)
  }
  return bits(memory)
}

@c(slm_core_shared_zone_deallocate)
@inline(never)
@usableFromInline
func sharedZoneDeallocate(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  zone.assumingMemoryBound(to: SharedZone.self).withOwner(of: address) { $0.deallocate(address) }
}

@c(slm_core_shared_zone_deallocate_sized)
@inline(never)
@usableFromInline
func sharedZoneDeallocate(_ zone: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> Status {
  zone.assumingMemoryBound(to: SharedZone.self).withOwner(of: address) { $0.deallocate(address, size: size) }
}
