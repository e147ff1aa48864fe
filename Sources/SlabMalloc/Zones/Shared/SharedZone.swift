import CSlabmalloc
import Synchronization

/// A zone or cache that several threads use: one zone behind a lock, or one for each CPU and one more that keeps the
/// reserves.
///
///     | ZoneHead: a face | cpuCount, stride, pageLock | zone |                                             any thread
///     | ZoneHead: a face | cpuCount, stride, pageLock | zone of CPU 0 | ... | reserves | PageHints |       per CPU
///
/// Each zone is a LockedZone. The face sends every fast path away. The callers find out on their slow paths, by
/// `isFace`, that behind it lies a shared zone.
///
/// A CPU allocates from its own zone. An object belongs to the zone it came from, and whoever frees it looks for that
/// zone: first in the own one, then where the page's hint says, then everywhere. The CPU's number only decides where to
/// look first. It may be out of date by the time it is used, because each zone is complete by itself.
///
/// Lock order: `pageLock`, then one zone's lock. No two zones' locks are ever held at once.
struct SharedZone: ~Copyable {
  var head: ZoneHead
  /// The zones of CPUs; 0 if one zone serves any thread, and after the end: that zone then says that it is not
  /// initialised.
  var cpuCount: UInt
  /// Bytes from one zone to the next.
  var stride: UInt
  /// Held while a zone takes in a page, see PageGate. For zones of CPUs.
  var pageLock: Lock
}

/// For pages whose numbers end alike: the zone in which one was found last. Only a guess, read and written without a
/// lock.
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

  /// Bytes that a shared zone needs. `cpuCount` is 0 for one that serves any thread.
  static func storageSize(cpuCount: UInt, bins: UInt, _ profile: Profile) -> Int {
    let zones = zonesOffset + (cpuCount == 0 ? 1 : cpuCount + 1) * stride(bins: bins, profile)
    return Int(cpuCount == 0 ? zones : zones + UInt(MemoryLayout<PageHints>.stride))
  }
}

extension UnsafeMutablePointer where Pointee == SharedZone {
  @inline(__always) private var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  /// Makes a zone, or several, each by `make`, which gets the zone's place and its gate. `cpuCount` is 0 for one that
  /// serves any thread.
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

  /// The one zone for any thread, or that of the first CPU. What all zones have alike is read there.
  @inline(__always) var first: LockedZonePointer {
    raw.advanced(by: Int(bitPattern: SharedZone.zonesOffset)).assumingMemoryBound(to: LockedZone.self)
  }

  @inline(__always) func zone(_ index: UInt) -> LockedZonePointer {
    raw.advanced(by: Int(bitPattern: SharedZone.zonesOffset &+ index &* pointee.stride))
      .assumingMemoryBound(to: LockedZone.self)
  }

  /// All zones, that of the reserves among them.
  @inline(__always) var zoneCount: UInt { pointee.cpuCount &+ 1 }

  /// The zone that keeps the reserves: the only one, or the last of all. It serves what no other can.
  @inline(__always) var reserves: LockedZonePointer { zone(pointee.cpuCount) }

  /// Where the hints of zones of CPUs are: behind the last zone.
  var hints: UnsafeMutablePointer<PageHints> {
    UnsafeMutableRawPointer(zone(zoneCount)).assumingMemoryBound(to: PageHints.self)
  }

  @inline(__always) private func hint(for address: UInt) -> Int {
    let number = address &>> first.zone.basePages.pointee.pageShift
    return Int(bitPattern: number & (PageHints.count &- 1))
  }

  /// The index of this CPU's zone, of several.
  @inline(__always) var ownIndex: UInt {
    let cpu = Platform.cpu()
    let count = pointee.cpuCount
    return _fastPath(cpu < count) ? cpu : count == 0 ? 0 : cpu % count
  }

  /// This CPU's zone, or the only one.
  @inline(__always) var own: LockedZonePointer { pointee.cpuCount == 0 ? first : zone(ownIndex) }
}

/// The zones that a call concerns. The bodies run with the zone's lock held.
extension UnsafeMutablePointer where Pointee == SharedZone {
  /// Runs the body with the zone that an address belongs to, and with others before: it must say so of a foreign
  /// pointer.
  @inline(__always) func withOwner(of address: UInt, _ body: (ZonePointer) -> Status) -> Status {
    let status = own.locked(body)
    return _fastPath(status != .foreignPointer) || pointee.cpuCount == 0 ? status : withOther(of: address, body)
  }

  /// The same after the own zone, which is not skipped: by now another may be the own one. The zone that the page's
  /// hint names comes first, then all others.
  @inline(never) func withOther(of address: UInt, _ body: (ZonePointer) -> Status) -> Status {
    let hint = hint(for: address)
    let guess = UInt(hints.pointee.zones[unchecked: hint].load(ordering: .relaxed))
    var index = guess <= pointee.cpuCount ? guess : 0
    var next: UInt = 0
    while true {
      let status = zone(index).locked(body)
      if status != .foreignPointer {
        hints.pointee.zones[unchecked: hint].store(UInt16(truncatingIfNeeded: index), ordering: .relaxed)
        return status
      }
      if next == guess { next &+= 1 }
      guard next < zoneCount else { return status }
      index = next
      next &+= 1
    }
  }

  /// The zone that the hint of an address's page names.
  @inline(__always) func hinted(for address: UInt) -> LockedZonePointer {
    let guess = UInt(hints.pointee.zones[unchecked: hint(for: address)].load(ordering: .relaxed))
    return guess <= pointee.cpuCount ? zone(guess) : first
  }

  /// Runs the body with each zone, that of the reserves last, as long as it returns true.
  @inline(__always) func forEach(_ body: (ZonePointer) -> Bool) {
    for index in 0..<zoneCount {
      guard zone(index).locked(body) else { return }
    }
  }

  /// The same from the next CPU's zone on and round.
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
