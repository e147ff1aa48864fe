import CSlabmalloc
import Synchronization

/// A shared zone or cache, for several threads: one zone behind a lock, or one zone for each CPU and one more that
/// keeps the reserves.
///
///     | ZoneHead: a face | cpuCount, stride, pageLock | zone |                                             any thread
///     | ZoneHead: a face | cpuCount, stride, pageLock | zone of CPU 0 | ... | reserves | PageHints |       per CPU
///
/// Each zone is a LockedZone. The face sends every call away from the fast paths. On their slow paths `isFace` shows
/// the callers that a shared zone lies behind it.
///
/// A CPU allocates from its own zone. An object belongs to the zone from which it came, and a deallocation looks for
/// this zone: first the own zone, second the zone that the page's hint names, last all others. The CPU's number only
/// decides where to look first. It may be outdated when it is used, and this is harmless, because each zone is complete
/// by itself.
///
/// Lock order: `pageLock`, then one zone's lock. No two zones' locks are ever held at once.
struct SharedZone: ~Copyable {
  var head: ZoneHead
  /// The number of CPUs with their own zone. 0 if one zone serves any thread. Also 0 after the end: all calls reach the
  /// first zone, which returns "not initialised".
  var cpuCount: UInt
  /// Bytes from one zone to the next.
  var stride: UInt
  /// Held while a zone takes in a page, see PageGate. Only zones per CPU use it.
  var pageLock: Lock
}

/// Hints: for all pages whose numbers have the same lowest bits, the zone where one of them was found last. A hint is
/// only a guess, and is read and written without a lock.
struct PageHints: ~Copyable {
  let zones: InlineArray<128, Atomic<UInt16>>

  static var count: UInt { 128 }
}

typealias SharedZonePointer = UnsafeMutablePointer<SharedZone>

extension SharedZone {
  static var maxCPUCount: UInt { UInt(UInt16.max) }

  @inline(__always) static var zonesOffset: UInt { roundUp(UInt(MemoryLayout<SharedZone>.stride), to: 64) }

  static func stride(bins: UInt, _ profile: Profile) -> UInt {
    roundUp(UInt(LockedZonePointer.storageSize(bins: bins, profile)), to: 64)
  }

  /// Bytes of storage for a shared zone. `cpuCount` is 0 for a zone that serves any thread.
  static func storageSize(cpuCount: UInt, bins: UInt, _ profile: Profile) -> Int {
    let zones = zonesOffset + (cpuCount == 0 ? 1 : cpuCount + 1) * stride(bins: bins, profile)
    return Int(cpuCount == 0 ? zones : zones + UInt(MemoryLayout<PageHints>.stride))
  }
}

extension UnsafeMutablePointer where Pointee == SharedZone {
  @inline(__always) private var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  /// Makes a shared zone. `make` makes each of its zones, from the zone's place and gate. `cpuCount` is 0 for a zone
  /// that serves any thread.
  func initialize(
    cpuCount: UInt, bins: UInt, page: PageSize, profile: Profile, _ make: (ZonePointer, PageGatePointer) -> Void
  ) {
    initialize(
      to: SharedZone(
        head: .face(page: page), cpuCount: cpuCount, stride: SharedZone.stride(bins: bins, profile), pageLock: Lock()))
    for index in 0..<zoneCount {
      let gate = zone(index).initializeGate()
      if cpuCount != 0 {
        gate.pointee.pageLock = fieldPointer(&pointee.pageLock)
        gate.pointee.group = raw
        gate.pointee.overlaps = sharedZoneOverlaps
      }
      make(zone(index).zone, gate)
    }
    if cpuCount != 0 { hints.initialize(to: PageHints(zones: InlineArray { _ in Atomic(0) })) }
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

  /// The hints of zones per CPU. They lie behind the last zone.
  var hints: UnsafeMutablePointer<PageHints> {
    UnsafeMutableRawPointer(zone(zoneCount)).assumingMemoryBound(to: PageHints.self)
  }

  @inline(__always) private func hint(for address: UInt) -> Int {
    let number = address &>> first.zone.basePages.pointee.pageShift
    return Int(bitPattern: number & (PageHints.count &- 1))
  }

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
    let status = own.locked(body)
    return _fastPath(status != .foreignPointer) || pointee.cpuCount == 0 ? status : withOther(of: address, body)
  }

  /// Runs the body with zones other than the own one, until one owns the address. That one becomes the page's hint. The
  /// zone that the hint names comes first, unless the caller has tried it, and all others follow. The own zone is not
  /// skipped, because by now another zone may be the own one.
  @inline(never) func withOther(
    of address: UInt, isGuessTried: Bool = false, _ body: (ZonePointer) -> Status
  ) -> Status {
    let guess = guess(for: address)
    var (index, next) = (guess, UInt(0))
    if isGuessTried {
      index = guess == 0 ? 1 : 0
      next = index &+ 1
    }
    while true {
      let status = zone(index).locked(body)
      if status != .foreignPointer {
        hints.pointee.zones[unchecked: hint(for: address)].store(UInt16(truncatingIfNeeded: index), ordering: .relaxed)
        return status
      }
      if next == guess { next &+= 1 }
      guard next < zoneCount else { return status }
      index = next
      next &+= 1
    }
  }

  /// The index of the zone that the hint of an address's page names.
  @inline(__always) func guess(for address: UInt) -> UInt {
    let guess = UInt(hints.pointee.zones[unchecked: hint(for: address)].load(ordering: .relaxed))
    return guess <= pointee.cpuCount ? guess : 0
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
