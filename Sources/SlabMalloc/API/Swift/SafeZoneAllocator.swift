/// A zone that any thread may use. See `ZoneAllocator`. The provider must be safe for as many threads; it is called
/// without the zone's lock.
public struct SafeZoneAllocator: ~Copyable, @unchecked Sendable {
  private let home: Home
  private let safeZone: LockedZonePointer

  /// Bytes of storage for the state of a zone, to be aligned to 64.
  public static var storageSize: Int { LockedZonePointer.storageSize(bins: SizeClass.count, .hardened) }

  /// A zone that takes its pages from a provider, the one for its own state included.
  public init(
    pageSize: PageSize? = nil, provider: PageProvider, profile: Profile = .checked
  ) throws(AllocationError) {
    home = try Home(pageSize, provider, needed: Self.storageSize)
    safeZone = home.memory.assumingMemoryBound(to: LockedZone.self)
    safeZone.zone.initialize(
      page: home.basePage, provider: home.provider, gate: safeZone.initializeGate(), profile: profile)
  }

  /// A zone in your storage, which must outlive it. Without a provider it is for push use only; then take its pages out
  /// with `reclaimPage` before it ends.
  public init(
    storage: UnsafeMutableRawBufferPointer, pageSize: PageSize? = nil, provider: PageProvider? = nil,
    profile: Profile = .checked
  ) throws(AllocationError) {
    home = try Home(storage, pageSize, provider, needed: Self.storageSize)
    safeZone = home.memory.assumingMemoryBound(to: LockedZone.self)
    safeZone.zone.initialize(
      page: home.basePage, provider: home.provider, gate: safeZone.initializeGate(), profile: profile)
  }

  deinit {
    var live: UInt = 0
    _ = safeZone.locked { $0.destroy(live: &live) }
    home.giveBack()
  }

  /// Runs the body with the lock, and gives it back however the body ends.
  private func locked<Result>(_ body: (ZonePointer) throws(AllocationError) -> Result) throws(AllocationError) -> Result
  {
    safeZone.pointee.gate.lock.acquire()
    defer { safeZone.pointee.gate.lock.release() }
    return try body(safeZone.zone)
  }

  /// Memory for a layout, not cleared.
  public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    try locked { (zone) throws(AllocationError) in try zone.allocateOrThrow(layout) }
  }

  /// Moves a value into memory of the zone.
  public func allocate<Value: ~Copyable>(
    _ value: consuming Value
  ) throws(AllocationError) -> UnsafeMutablePointer<Value> {
    let pointer = try allocate(Layout(of: Value.self)).assumingMemoryBound(to: Value.self)
    pointer.initialize(to: value)
    return pointer
  }

  /// Gives memory back, whichever thread allocated it; with a layout, only if it is of the layout's size class.
  public func deallocate(_ pointer: UnsafeMutableRawPointer, _ layout: Layout? = nil) throws(AllocationError) {
    try AllocationError.check(safeZone.locked { $0.deallocate(pointer, layout) })
  }

  /// Ends the value and gives its memory back. Nothing happens to it if it is not the zone's, or of another size class.
  public func deallocate<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) throws(AllocationError) {
    let memory = UnsafeMutableRawPointer(pointer)
    let layout = Layout(of: Value.self)
    try locked { (zone) throws(AllocationError) in try zone.checkLive(memory, layout) }
    pointer.deinitialize(count: 1)
    try deallocate(memory, layout)
  }

  /// Bytes of the slot of a live object; 0 if it is none of the zone's.
  public func usableSize(_ pointer: UnsafeRawPointer) -> Int {
    Int(safeZone.locked { $0.usableSize(UInt(bitPattern: pointer)) })
  }

  /// Whether an address is in a page of the zone.
  public func owns(_ address: UnsafeRawPointer) -> Bool { safeZone.locked { $0.owns(UInt(bitPattern: address)) } }

  /// Hands a page to the size class of a layout.
  public func refill(_ layout: Layout, page: UnsafeMutableRawBufferPointer) throws(AllocationError) {
    try AllocationError.check(
      safeZone.locked {
        $0.refill(
          size: bits(layout.size), alignment: bits(layout.alignment),
          page: bits(page.baseAddress), pageSize: page.count)
      })
  }

  /// Gives up to so many empty pages of a size back to the provider; returns how many went.
  public func reclaim(_ page: PageSize, atMost limit: Int = Int.max) throws(AllocationError) -> Int {
    try locked { (zone) throws(AllocationError) in try zone.reclaimOrThrow(page, atMost: limit) }
  }

  /// Takes an empty page of a size out of the zone, for push use.
  public func reclaimPage(_ page: PageSize) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: safeZone.locked { $0.takeEmptyPage(page) } ?? 0)
  }

  /// What the zone holds of a size class, by index from the smallest.
  public func statistics(ofClass index: Int) -> ClassStatistics {
    precondition(index >= 0 && index < Int(SizeClass.count))
    return safeZone.locked { $0.statistics(of: UInt(index)) }
  }
}
