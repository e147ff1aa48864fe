/// A zone that any thread may use: pointers that you manage by hand. See `ZoneAllocator`; `Zone.Shared` has boxes and
/// buffers that the compiler checks. The zone releases its lock while it calls the provider. The
/// provider must therefore be thread-safe.
public struct SafeZoneAllocator: ~Copyable, @unchecked Sendable {
  private let home: Home
  private let safeZone: LockedZonePointer
  private let ending: EndingValuesPointer

  private static var zoneSize: Int { LockedZonePointer.storageSize(bins: SizeClass.count, .hardened) }

  /// Bytes of storage for the state of a zone. The storage must be aligned to 64 bytes.
  public static var storageSize: Int { zoneSize + MemoryLayout<EndingValues>.size }

  /// A zone that takes its pages from a provider, and one page for its own state.
  public init(
    pageSize: PageSize? = nil, provider: PageProvider, profile: Profile = .checked
  ) throws(AllocationError) {
    home = try Home(pageSize, provider, needed: Self.storageSize)
    safeZone = home.memory.assumingMemoryBound(to: LockedZone.self)
    safeZone.zone.initialize(
      page: home.basePage, provider: home.provider, sharing: Sharing(gate: safeZone.initializeGate()), profile: profile)
    ending = .make(in: home.memory, behind: Self.zoneSize)
  }

  /// A zone in your storage, which must outlive it. Without a provider you push pages with `refill`, and must take them
  /// out with `reclaimPage` before the zone ends.
  public init(
    storage: UnsafeMutableRawBufferPointer, pageSize: PageSize? = nil, provider: PageProvider? = nil,
    profile: Profile = .checked
  ) throws(AllocationError) {
    home = try Home(storage, pageSize, provider, needed: Self.storageSize)
    safeZone = home.memory.assumingMemoryBound(to: LockedZone.self)
    safeZone.zone.initialize(
      page: home.basePage, provider: home.provider, sharing: Sharing(gate: safeZone.initializeGate()), profile: profile)
    ending = .make(in: home.memory, behind: Self.zoneSize)
  }

  deinit {
    var live: UInt = 0
    _ = safeZone.locked { $0.destroy(live: &live) }
    home.giveBack()
  }

  /// Runs the body while holding the lock, and releases the lock even if the body throws.
  private func locked<Result>(_ body: (ZonePointer) throws(AllocationError) -> Result) throws(AllocationError) -> Result
  {
    safeZone.pointee.gate.lock.acquire()
    defer { safeZone.pointee.gate.lock.release() }
    return try body(safeZone.zone)
  }

  /// Allocates memory for a layout. The memory is not cleared.
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

  /// Deallocates memory, whichever thread allocated it. With a layout, throws `layoutMismatch` unless the memory is of
  /// the layout's size class. Profile `fast` ignores the layout.
  public func deallocate(_ pointer: UnsafeMutableRawPointer, _ layout: Layout? = nil) throws(AllocationError) {
    try AllocationError.check(safeZone.locked { $0.deallocate(pointer, layout, ending) })
  }

  /// Deinitializes the value and deallocates its memory. Throws and leaves the value alone if the pointer is not of
  /// this zone, or has another size class.
  ///
  /// The value ends once, also if several threads deallocate it: one call ends it, the others throw `doubleFree`. Its
  /// deinitializer runs without the lock. It may use the zone, and finds its own memory live. A deallocation of its own
  /// pointer, typed or not, throws `doubleFree` there.
  public func deallocate<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) throws(AllocationError) {
    let layout = Layout(of: Value.self)
    var value = EndingValue(pointer)
    try withUnsafeMutablePointer(to: &value) { (value) throws(AllocationError) in
      try locked { (zone) throws(AllocationError) in try zone.claim(value, ending, layout) }
      pointer.deinitialize(count: 1)
      try locked { (zone) throws(AllocationError) in try zone.deallocate(ended: value, ending, layout) }
    }
  }

  /// Usable bytes of a live object; 0 if the zone has no such object.
  public func usableSize(_ pointer: UnsafeRawPointer) -> Int {
    Int(safeZone.locked { $0.usableSize(UInt(bitPattern: pointer)) })
  }

  /// Whether the address is in a page of the zone.
  public func owns(_ address: UnsafeRawPointer) -> Bool { safeZone.locked { $0.owns(UInt(bitPattern: address)) } }

  /// Pushes a page to the size class of a layout.
  public func refill(_ layout: Layout, page: UnsafeMutableRawBufferPointer) throws(AllocationError) {
    try AllocationError.check(
      safeZone.locked {
        $0.refill(
          size: bits(layout.size), alignment: bits(layout.alignment),
          page: bits(page.baseAddress), pageSize: UInt(page.count))
      })
  }

  /// Returns up to `limit` empty pages of a size to the provider. Returns their number.
  public func reclaim(_ page: PageSize, atMost limit: Int = Int.max) throws(AllocationError) -> Int {
    try locked { (zone) throws(AllocationError) in try zone.reclaimOrThrow(page, atMost: limit) }
  }

  /// Takes an empty page of a size out of the zone and hands it to you; nil if there is none.
  public func reclaimPage(_ page: PageSize) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: safeZone.locked { $0.takeEmptyPage(page.size) } ?? 0)
  }

  /// Statistics of a size class. Index 0 is the smallest class.
  public func statistics(ofClass index: Int) -> ClassStatistics {
    precondition(index >= 0 && index < Int(SizeClass.count))
    return safeZone.locked { $0.statistics(of: UInt(index)) }
  }
}
