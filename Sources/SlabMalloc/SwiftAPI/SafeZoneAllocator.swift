/// A zone that any thread may use. See `ZoneAllocator`. The provider must be safe for as many threads; it is called without
/// the zone's lock.
public struct SafeZoneAllocator: ~Copyable, @unchecked Sendable {
  private let home: Home
  private let safeZone: SafeZonePointer

  /// Bytes of storage for the state of a zone, to be aligned to 64.
  public static var storageSize: Int { SafeZonePointer.storageSize }

  /// A zone that takes its pages from a provider, the one for its own state included.
  public init(pageSize: PageSize? = nil, provider: PageProvider) throws(AllocationError) {
    let page = try provider.basePage(pageSize)
    home = try Home(of: provider, page, needed: Self.storageSize)
    safeZone = home.memory.assumingMemoryBound(to: SafeZone.self)
    safeZone.initialize(page: page, provider: provider)
  }

  deinit {
    var live: UInt = 0
    _ = safeZone.locked { $0.destroy(live: &live) }
    home.giveBack()
  }

  /// Memory for a layout, not cleared.
  public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    var status = ok
    let memory = safeZone.locked {
      $0.allocate(size: UInt(bitPattern: layout.size), alignment: UInt(bitPattern: layout.alignment), status: &status)
    }
    guard let memory else { throw AllocationError(status) }
    return memory
  }

  /// Gives memory back, whichever thread allocated it; with a layout, only if it is of the layout's size class.
  public func deallocate(_ pointer: UnsafeMutableRawPointer, _ layout: Layout? = nil) throws(AllocationError) {
    try AllocationError.check(safeZone.locked { $0.deallocate(pointer, layout) })
  }

  /// Gives up to so many empty pages of a size back to the provider; returns how many went.
  public func reclaim(_ page: PageSize, atMost limit: Int = Int.max) throws(AllocationError) -> Int {
    safeZone.zoneLock.acquire()
    defer { safeZone.zoneLock.release() }
    return try safeZone.zone.reclaimOrThrow(page, atMost: limit)
  }

  /// What the zone holds of a size class, by index from the smallest.
  public func statistics(ofClass index: Int) -> ClassStatistics {
    precondition(index >= 0 && index < Int(SizeClass.count))
    return safeZone.locked { $0.statistics(of: UInt(index)) }
  }
}
