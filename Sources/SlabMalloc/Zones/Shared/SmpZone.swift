import CSlabmalloc
import Synchronization

/// A zone for machines of several CPUs: a safe zone for each, and one more that keeps the reserves.
///
///     | SmpZone: cpuCount, hints, pageLock | zone of CPU 0 | ... | zone of CPU n-1 | reserves |        each is a SafeZone
///
/// A CPU allocates from its own zone. An object belongs to the zone it came from, and whoever frees it looks for that zone:
/// first in the own one, then where the page's hint says, then everywhere. No two zones' locks are ever held at once.
///
/// Which CPU runs this only says where to look first. It may be wrong by the time it is used: each zone is whole by itself.
///
/// Zero-filled memory is a zone that is not initialised: it has no CPU.
struct SmpZone: ~Copyable {
  var cpuCount: UInt
  /// For pages whose numbers end alike: in which zone one was found last. Only a guess, read and written without a lock.
  var hints: InlineArray<128, UInt16>
  /// Held while a zone takes in a page, see `accept`.
  var pageLock: Lock

  static let hintCount: UInt = 128
}

typealias SmpZonePointer = UnsafeMutablePointer<SmpZone>

extension UnsafeMutablePointer where Pointee == SmpZone {
  private static var zonesOffset: UInt { roundUp(UInt(MemoryLayout<SmpZone>.stride), to: 64) }
  private static var zoneStride: UInt { roundUp(UInt(SafeZonePointer.storageSize), to: 64) }

  /// nil for a number of CPUs that can't be.
  static func storageSize(cpuCount: UInt) -> UInt? {
    guard cpuCount != 0, cpuCount <= UInt(UInt16.max) else { return nil }
    return zonesOffset + (cpuCount + 1) * zoneStride
  }

  @inline(__always) func zone(_ index: UInt) -> SafeZonePointer {
    UnsafeMutableRawPointer(self).advanced(by: Int(bitPattern: Self.zonesOffset &+ index &* Self.zoneStride))
      .assumingMemoryBound(to: SafeZone.self)
  }

  /// The zone that keeps the reserves. It serves what no other can.
  @inline(__always) var reserves: SafeZonePointer { zone(pointee.cpuCount) }

  /// The index of this CPU's zone; nil if there is none, as the zone is not initialised.
  @inline(__always) var own: UInt? {
    let cpu = Platform.cpu()
    let count = pointee.cpuCount
    if _fastPath(cpu < count) { return cpu }
    return count == 0 ? nil : cpu % count
  }

  private func hint(for address: UInt) -> UnsafeMutablePointer<Atomic<UInt16>> {
    let number = address &>> zone(0).zone.basePages.pointee.pageShift
    return UnsafeMutableRawPointer(self).advanced(by: MemoryLayout<UInt>.stride)
      .assumingMemoryBound(to: Atomic<UInt16>.self) + Int(bitPattern: number & (SmpZone.hintCount &- 1))
  }

  func initialize(cpuCount: UInt, page: PageSize, provider: PageProvider, profile: Profile = .checked) {
    initialize(to: SmpZone(cpuCount: cpuCount, hints: InlineArray(repeating: 0), pageLock: Lock()))
    for index in 0...cpuCount {
      zone(index).initialize(page: page, provider: provider, profile: profile)
      zone(index).zone.pointee.smp = self
    }
  }

  @inline(__always) func withOwn<Result>(or none: Result, _ body: (ZonePointer) -> Result) -> Result {
    guard let own else { return none }
    return zone(own).locked(body)
  }

  /// Runs the body with the zone that an address belongs to, and with others before: it must say so of a foreign pointer.
  @inline(__always) func withOwner(of address: UInt, _ body: (ZonePointer) -> Status) -> Status {
    guard let own else { return .notInitialized }
    let status = zone(own).locked(body)
    return _fastPath(status != .foreignPointer) ? status : withOther(of: address, body)
  }

  /// The same after the own zone, which is not skipped: by now another may be the own one.
  @inline(never) private func withOther(of address: UInt, _ body: (ZonePointer) -> Status) -> Status {
    let foreign = Status.foreignPointer
    let hint = hint(for: address)
    let guess = UInt(hint.pointee.load(ordering: .relaxed))
    if guess <= pointee.cpuCount {
      let status = zone(guess).locked(body)
      if status != foreign { return status }
    }
    for index in 0...pointee.cpuCount where index != guess {
      let status = zone(index).locked(body)
      guard status == foreign else {
        hint.pointee.store(UInt16(truncatingIfNeeded: index), ordering: .relaxed)
        return status
      }
    }
    return foreign
  }

  /// Calls the body with each zone, that of the reserves last, as long as it returns true.
  func forEach(_ body: (ZonePointer) -> Bool) {
    guard pointee.cpuCount != 0 else { return }
    for index in 0...pointee.cpuCount {
      guard zone(index).locked(body) else { return }
    }
  }

  /// The same from the next CPU on and round.
  func forEachFromNext(_ body: (ZonePointer) -> Bool) {
    guard let own else { return }
    let count = pointee.cpuCount
    var index = own
    repeat {
      index = index &+ 1 == count ? 0 : index &+ 1
      guard zone(index).locked(body) else { return }
    } while index != own
    _ = reserves.locked(body)
  }
}
