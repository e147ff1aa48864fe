import CSlabmalloc

/// A zone with its gate and lock. Shared zones consist of these.
///
///     | PageGate | rest of the line | ZoneState, bins, ... |
///
/// The lock is released while the provider is called. The zone's lists are consistent at this time, and other threads
/// continue. After the call the zone looks at its state again.
struct LockedZone: ~Copyable {
  var gate: PageGate
}

typealias LockedZonePointer = UnsafeMutablePointer<LockedZone>

extension UnsafeMutablePointer where Pointee == LockedZone {
  /// The gate and the zone have cache lines of their own.
  @inline(__always) static var zoneOffset: Int { 64 }

  static func storageSize(bins: UInt, _ profile: Profile, sharesDirectory: Bool = false) -> Int {
    zoneOffset + ZonePointer.storageSize(bins: bins, profile, sharesDirectory: sharesDirectory)
  }

  @inline(__always) var zone: ZonePointer {
    UnsafeMutableRawPointer(self).advanced(by: Self.zoneOffset).assumingMemoryBound(to: ZoneState.self)
  }

  /// Makes the gate. The caller makes the zone afterwards, with this gate.
  func initializeGate() -> PageGatePointer {
    initialize(to: LockedZone(gate: PageGate(lock: Lock(), quiesce: nil, group: nil)))
    return fieldPointer(&pointee.gate)
  }

  /// Runs the body with the zone while holding the lock.
  @inline(__always) func locked<Result>(_ body: (ZonePointer) -> Result) -> Result {
    pointee.gate.lock.acquire()
    let result = body(zone)
    pointee.gate.lock.release()
    return result
  }

  /// The same, for fast paths.
  @inline(__always) func lockedInline<Result>(_ body: (ZonePointer) -> Result) -> Result {
    pointee.gate.lock.acquireInline()
    let result = body(zone)
    pointee.gate.lock.releaseInline()
    return result
  }
}
