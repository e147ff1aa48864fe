import CSlabmalloc

/// A zone and the gate with its lock: what a shared zone is made of.
///
///     | PageGate | rest of the line | ZoneState, bins, ... |
///
/// The lock is released while the provider is called. The zone's lists are then consistent, and other threads go on.
/// The zone looks again at what there is after the call.
struct LockedZone: ~Copyable {
  var gate: PageGate
}

typealias LockedZonePointer = UnsafeMutablePointer<LockedZone>

extension UnsafeMutablePointer where Pointee == LockedZone {
  /// The gate and the zone are on cache lines of their own.
  @inline(__always) static var zoneOffset: Int { 64 }

  static func storageSize(bins: UInt, _ profile: Profile) -> Int {
    zoneOffset + ZonePointer.storageSize(bins: bins, profile)
  }

  @inline(__always) var zone: ZonePointer {
    UnsafeMutableRawPointer(self).advanced(by: Self.zoneOffset).assumingMemoryBound(to: ZoneState.self)
  }

  /// Where the zone is still to be made, with this gate.
  func initializeGate() -> PageGatePointer {
    initialize(to: LockedZone(gate: PageGate(lock: Lock(), pageLock: nil, group: nil, overlaps: nil)))
    return fieldPointer(&pointee.gate)
  }

  /// Runs the body with the zone, and the lock held.
  @inline(__always) func locked<Result>(_ body: (ZonePointer) -> Result) -> Result {
    pointee.gate.lock.acquire()
    let result = body(zone)
    pointee.gate.lock.release()
    return result
  }
}
