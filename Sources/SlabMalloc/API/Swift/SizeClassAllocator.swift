import CSlabmalloc

/// Allocates objects of one size, for one thread at a time: pointers that you manage by hand. It shares the rules of
/// `ZoneAllocator`. ``CacheFor``, the type behind `Cache`, has boxes that the compiler checks.
///
/// Its slots have the object's size, rounded up to its alignment, and at least 8 bytes. In profile `hardened` each slot
/// also holds a canary.
public struct SizeClassAllocator: ~Copyable {
  private let home: Home
  private let zone: ZonePointer

  /// Bytes of storage for the state of the allocator. The storage must be aligned to 64 bytes.
  public static var storageSize: Int { ZonePointer.storageSize(bins: 1) }

  /// An allocator that takes its pages from a provider, and one page for its own state.
  public init(
    _ layout: Layout, pageSize: PageSize? = nil, provider: PageProvider, profile: Profile = .checked
  ) throws(AllocationError) {
    let slot = try Self.slotSize(layout, profile)
    home = try Home(pageSize, provider, needed: Self.storageSize)
    zone = home.memory.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(slotSize: slot, page: home.basePage, provider: home.provider, profile: profile)
  }

  /// An allocator in your storage, which must outlive it.
  public init(
    _ layout: Layout, storage: UnsafeMutableRawBufferPointer, pageSize: PageSize? = nil, provider: PageProvider? = nil,
    profile: Profile = .checked
  ) throws(AllocationError) {
    let slot = try Self.slotSize(layout, profile)
    home = try Home(storage, pageSize, provider, needed: Self.storageSize)
    zone = home.memory.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(slotSize: slot, page: home.basePage, provider: home.provider, profile: profile)
  }

  private static func slotSize(_ layout: Layout, _ profile: Profile) throws(AllocationError) -> UInt {
    guard
      let size = SlabMalloc.slotSize(
        size: bits(layout.size), alignment: bits(layout.alignment), profile: profile)
    else { throw .invalidLayout }
    return size
  }

  deinit {
    var live: UInt = 0
    _ = zone.destroy(live: &live)
    home.giveBack()
  }

  /// Size of a slot, in bytes.
  public var slotSize: Int { Int(zone.bin(0).pointee.slotSize) }

  /// The size of the pages that `refill` takes.
  public var pageSize: PageSize { PageSize(bytes: Int(zone.pageSize(of: zone.bin(0)))) ?? zone.page }

  /// Allocates memory for one object. The memory is not cleared.
  public func allocate() throws(AllocationError) -> UnsafeMutableRawPointer {
    var status = Status.ok
    guard let memory = zone.allocateObject(status: &status) else { throw AllocationError(status) }
    return memory
  }

  /// Deallocates an object. With a layout, throws unless the slot fits the layout. Profile `fast` ignores the layout.
  public func deallocate(_ pointer: UnsafeMutableRawPointer, _ layout: Layout? = nil) throws(AllocationError) {
    guard let layout else { return try AllocationError.check(zone.deallocate(bits(pointer))) }
    try AllocationError.check(
      zone.deallocateObject(bits(pointer), size: bits(layout.size), alignment: bits(layout.alignment)))
  }

  /// Pushes a page to the allocator.
  public func refill(page: UnsafeMutableRawBufferPointer) throws(AllocationError) {
    try AllocationError.check(zone.refillObjects(page: bits(page.baseAddress), pageSize: UInt(page.count)))
  }

  /// Returns up to `limit` empty pages to the provider. Returns their number.
  public func reclaim(atMost limit: Int = Int.max) throws(AllocationError) -> Int {
    try zone.reclaimOrThrow(pageSize, atMost: limit)
  }

  /// Takes an empty page out of the allocator and hands it to you; nil if there is none.
  public func reclaimPage() -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: zone.takeEmptyPage(pageSize.size) ?? 0)
  }

  public var statistics: ClassStatistics { zone.statistics(of: 0) }
}
