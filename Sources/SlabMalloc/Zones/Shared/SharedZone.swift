import CSlabmalloc

/// A shared zone or cache, for several threads: one zone behind a lock, or one zone for each CPU and one more that
/// keeps the reserves and the large objects. The zones per CPU share one directory.
///
///     any thread:  | ZoneHead: a face | cpuCount, stride | zone |
///     per CPU:     | ZoneHead: a face | cpuCount, stride | zone of CPU 0 | ... | reserves | PageDirectory, leaves |
///
/// Each zone is a LockedZone. The face sends every call away from the fast paths. On their slow paths `face` shows
/// the callers that a shared zone lies behind it.
///
/// A CPU allocates from its own zone. An object belongs to the zone from which it came: the directory leads to the
/// object's slab, and the slab names this zone. The CPU's number only decides where to look first. It may be outdated
/// when it is used, and this is harmless, because each zone is complete by itself.
///
/// Lock order: one zone's lock, then that of the directory. No two zones' locks are ever held at once.
struct SharedZone: ~Copyable {
  var head: ZoneHead
  /// The number of CPUs with their own zone. 0 if one zone serves any thread. Also 0 after the end: all calls reach the
  /// first zone, which returns "not initialised".
  var cpuCount: UInt
  /// Bytes from one zone to the next.
  var stride: UInt
}

typealias SharedZonePointer = UnsafeMutablePointer<SharedZone>

extension SharedZone {
  static var maxCPUCount: UInt { UInt(UInt16.max) }

  @inline(__always) static var zonesOffset: UInt { roundUp(UInt(MemoryLayout<SharedZone>.stride), to: 64) }

  static func stride(cpuCount: UInt, bins: UInt, _ profile: Profile) -> UInt {
    roundUp(UInt(LockedZonePointer.storageSize(bins: bins, profile, sharesDirectory: cpuCount != 0)), to: 64)
  }

  /// Bytes of storage for a shared zone. `cpuCount` is 0 for a zone that serves any thread.
  static func storageSize(cpuCount: UInt, bins: UInt, _ profile: Profile) -> Int {
    let stride = stride(cpuCount: cpuCount, bins: bins, profile)
    guard cpuCount != 0 else { return Int(zonesOffset + stride) }
    return Int(PageDirectory.offset(behind: zonesOffset + (cpuCount + 1) * stride))
      + PageDirectory.storageSize(bins: bins)
  }
}

extension UnsafeMutablePointer where Pointee == SharedZone {
  @inline(__always) private var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  /// Makes a shared zone. `make` makes each of its zones. `cpuCount` is 0 for a zone that serves any thread.
  func initialize(
    cpuCount: UInt, bins: UInt, page: PageSize, profile: Profile, _ make: (ZonePointer, Sharing) -> Void
  ) {
    let stride = SharedZone.stride(cpuCount: cpuCount, bins: bins, profile)
    let head = ZoneHead.empty(page: page, cpuCount == 0 ? .anyThread : .perCPU)
    initialize(to: SharedZone(head: head, cpuCount: cpuCount, stride: stride))
    var sharing = Sharing()
    if cpuCount != 0 {
      directory.initialize(page, copy: nil, isShared: true, bins: bins)
      sharing.directory = directory
      sharing.stride = UInt32(truncatingIfNeeded: stride)
      sharing.lastOwner = UInt16(truncatingIfNeeded: cpuCount)
    }
    for index in 0..<zoneCount {
      let gate = zone(index).initializeGate()
      if cpuCount != 0 {
        gate.pointee.group = raw
        gate.pointee.quiesce = sharedZoneQuiesce
      }
      sharing.gate = gate
      sharing.owner = UInt16(truncatingIfNeeded: index)
      sharing.hasRuns = index == cpuCount
      make(zone(index).zone, sharing)
    }
  }

  /// The directory of zones per CPU. It lies behind the last zone.
  var directory: PageDirectoryPointer {
    // Zones start and end at cache lines.
    UnsafeMutableRawPointer(zone(zoneCount)).advanced(by: Int(PageDirectory.offset(behind: 0)))
      .assumingMemoryBound(to: PageDirectory.self)
  }

  /// The one zone for any thread, or the zone of the first CPU. Fields that are equal in all zones are read there.
  @inline(__always) var first: LockedZonePointer {
    raw.advanced(by: Int(bitPattern: SharedZone.zonesOffset)).assumingMemoryBound(to: LockedZone.self)
  }

  @inline(__always) func zone(_ index: UInt) -> LockedZonePointer {
    raw.advanced(by: Int(bitPattern: SharedZone.zonesOffset &+ index &* pointee.stride))
      .assumingMemoryBound(to: LockedZone.self)
  }

  /// The number of all zones, including the zone of the reserves.
  @inline(__always) var zoneCount: UInt { pointee.cpuCount &+ 1 }

  /// The zone that keeps the reserves: the only zone, or the last one. It serves allocations that no other zone can
  /// serve.
  @inline(__always) var reserves: LockedZonePointer { zone(pointee.cpuCount) }

  /// The index of this CPU's zone, among several.
  @inline(__always) var ownIndex: UInt {
    let cpu = Platform.cpu()
    let count = pointee.cpuCount
    return _fastPath(cpu < count) ? cpu : count == 0 ? 0 : cpu % count
  }

  /// This CPU's zone, or the only one.
  @inline(__always) var own: LockedZonePointer { pointee.cpuCount == 0 ? first : zone(ownIndex) }
}

/// The zones that a call concerns. The bodies run while holding the zone's lock.
extension UnsafeMutablePointer where Pointee == SharedZone {
  /// Runs the body with the zone that an address belongs to. It may run with other zones before, and must return
  /// `foreignPointer` for them.
  @inline(__always) func withOwner(of address: UInt, _ body: (ZonePointer) -> Status) -> Status {
    let status = own.lockedInline(body)
    return _fastPath(status != .foreignPointer) || pointee.cpuCount == 0 ? status : withOther(of: address, body)
  }

  /// Runs the body with the zone whose slab the directory has there, else with the zone of large objects.
  ///
  /// The slab may go to another zone between the two locks, if its objects are freed twice. A live object's slab never
  /// does. The search therefore ends after a few rounds.
  @inline(never) func withOther(of address: UInt, _ body: (ZonePointer) -> Status) -> Status {
    for _ in 0..<4 {
      guard let index = owner(of: address) else { break }
      let status = zone(index).locked(body)
      if status != .foreignPointer { return status }
    }
    return reserves.locked(body)
  }

  /// The index of the zone that has a slab around an address; nil if none has.
  @inline(__always) func owner(of address: UInt) -> UInt? {
    let directory = directory
    let owner = own.locked { _ in directory.slab(around: address).map { UInt($0.pointee.owner) } }
    guard let owner, owner <= pointee.cpuCount else { return nil }
    return owner
  }

  /// Runs the body with each zone as long as it returns true. The zone of the reserves comes last.
  @inline(__always) func forEach(_ body: (ZonePointer) -> Bool) {
    for index in 0..<zoneCount {
      guard zone(index).locked(body) else { return }
    }
  }

  /// Runs the body with each zone as long as it returns true. It starts at the next CPU's zone, wraps around, and ends
  /// with the zone of the reserves.
  func forEachFromNext(_ body: (ZonePointer) -> Bool) {
    let count = pointee.cpuCount
    guard count != 0 else { return }
    let own = ownIndex
    var index = own
    repeat {
      index = index &+ 1 == count ? 0 : index &+ 1
      guard zone(index).locked(body) else { return }
    } while index != own
    _ = reserves.locked(body)
  }
}
