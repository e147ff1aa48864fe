import CSlabmalloc

/// A zone that any thread may use: a lock, and the zone that runs under it.
///
/// The lock is not held while the provider is called. Until then the zone's lists are as they should be, so other
/// threads go on meanwhile; afterwards the zone looks again at what there is.
struct SafeZone: ~Copyable {
  var lock: Lock
}

typealias SafeZonePointer = UnsafeMutablePointer<SafeZone>

extension UnsafeMutablePointer where Pointee == SafeZone {
  /// The lock and the zone are on cache lines of their own.
  static var zoneOffset: Int { 64 }

  static var storageSize: Int { storageSize(.hardened) }

  static func storageSize(_ profile: Profile) -> Int {
    zoneOffset + ZonePointer.storageSize(bins: SizeClass.count, profile)
  }

  @inline(__always) var zone: ZonePointer {
    UnsafeMutableRawPointer(self).advanced(by: Self.zoneOffset).assumingMemoryBound(to: ZoneState.self)
  }

  func initialize(page: PageSize, provider: PageProvider, profile: Profile = .checked) {
    initialize(to: SafeZone(lock: Lock()))
    zone.initialize(page: page, provider: provider, lock: lock, profile: profile)
  }

  private var lock: UnsafeMutablePointer<Lock> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Lock.self) }

  @inline(__always) func locked<Result>(_ body: (ZonePointer) -> Result) -> Result {
    pointee.lock.acquire()
    let result = body(zone)
    pointee.lock.release()
    return result
  }
}

/// What takes time is done without the lock.
extension UnsafeMutablePointer where Pointee == SafeZone {
  func allocateZeroed(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let memory = locked({ $0.allocate(UInt(bitPattern: size)) }) else { return nil }
    clear(memory, UInt(bitPattern: size))
    return memory
  }

  func reallocate(_ object: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    var status = Status.ok
    let move = locked {
      $0.prepareMove(
        bits(object), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), status: &status)
    }
    guard let move else { return nil }
    move.copy()
    if move.isElsewhere { _ = locked { $0.deallocate(bits(move.old)) } }
    return move.new
  }
}
