/// Allocates objects of any size up to 136 KiB, for one thread at a time.
///
/// A zone gets pages in two ways, which mix: *pull* from its provider, and *push* with `refill`. It gives every page
/// back when it ends, with the objects in it; so no pointer from it may outlive it. Every misuse that an error stands
/// for is found always, and changes nothing.
public struct ZoneAllocator: ~Copyable {
  private let home: Home
  private let zone: ZonePointer

  /// Bytes of storage for the state of a zone, to be aligned to 64.
  public static var storageSize: Int { ZonePointer.storageSize(bins: SizeClass.count) }

  /// A zone that takes its pages from a provider, the one for its own state included.
  public init(
    pageSize: PageSize? = nil, provider: PageProvider, profile: Profile = .checked
  ) throws(AllocationError) {
    home = try Home(pageSize, provider, needed: Self.storageSize)
    zone = home.memory.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(page: home.basePage, provider: home.provider, profile: profile)
  }

  /// A zone in your storage, which must outlive it. Without a provider it is for push use only; then take its pages out
  /// with `reclaimPage` before it ends, for there is nobody to give them to.
  public init(
    storage: UnsafeMutableRawBufferPointer, pageSize: PageSize? = nil, provider: PageProvider? = nil,
    profile: Profile = .checked
  ) throws(AllocationError) {
    home = try Home(storage, pageSize, provider, needed: Self.storageSize)
    zone = home.memory.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(page: home.basePage, provider: home.provider, profile: profile)
  }

  deinit {
    var live: UInt = 0
    _ = zone.destroy(live: &live)
    home.giveBack()
  }

  /// Memory for a layout, not cleared.
  public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    try zone.allocateOrThrow(layout)
  }

  /// Moves a value into memory of the zone.
  public func allocate<Value: ~Copyable>(
    _ value: consuming Value
  ) throws(AllocationError) -> UnsafeMutablePointer<Value> {
    let pointer = try zone.allocateOrThrow(Layout(of: Value.self)).assumingMemoryBound(to: Value.self)
    pointer.initialize(to: value)
    return pointer
  }

  /// Gives memory back; with a layout, only if it is of the layout's size class.
  public func deallocate(_ pointer: UnsafeMutableRawPointer, _ layout: Layout? = nil) throws(AllocationError) {
    try AllocationError.check(zone.deallocate(pointer, layout))
  }

  /// Ends the value and gives its memory back. Nothing happens to it if it is not the zone's, or of another size class.
  public func deallocate<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) throws(AllocationError) {
    try zone.checkLive(UnsafeMutableRawPointer(pointer), Layout(of: Value.self))
    pointer.deinitialize(count: 1)
    try AllocationError.check(zone.deallocate(UnsafeMutableRawPointer(pointer), Layout(of: Value.self)))
  }

  /// Bytes of the slot of a live object; 0 if it is none of the zone's.
  public func usableSize(_ pointer: UnsafeRawPointer) -> Int { Int(zone.usableSize(UInt(bitPattern: pointer))) }

  /// Whether an address is in a page of the zone.
  public func owns(_ address: UnsafeRawPointer) -> Bool { zone.owns(UInt(bitPattern: address)) }

  /// The size of the pages that a layout is served from: what `refill` wants.
  public func pageSize(for layout: Layout) throws(AllocationError) -> PageSize {
    guard let page = zone.pageSize(size: bits(layout.size), alignment: bits(layout.alignment)) else {
      throw .invalidLayout
    }
    return page
  }

  /// Hands a page to the size class of a layout.
  public func refill(_ layout: Layout, page: UnsafeMutableRawBufferPointer) throws(AllocationError) {
    try AllocationError.check(
      zone.refill(
        size: bits(layout.size), alignment: bits(layout.alignment),
        page: bits(page.baseAddress), pageSize: page.count))
  }

  /// Gives up to so many empty pages of a size back to the provider; returns how many went.
  public func reclaim(_ page: PageSize, atMost limit: Int = Int.max) throws(AllocationError) -> Int {
    try zone.reclaimOrThrow(page, atMost: limit)
  }

  /// Takes an empty page of a size out of the zone, for push use.
  public func reclaimPage(_ page: PageSize) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: zone.takeEmptyPage(page) ?? 0)
  }

  /// How many size classes there are.
  public var classCount: Int { Int(zone.pointee.binCount) }

  /// What the zone holds of a size class, by index from the smallest.
  public func statistics(ofClass index: Int) -> ClassStatistics {
    precondition(index >= 0 && index < classCount)
    return zone.statistics(of: UInt(index))
  }
}
