/// Allocates objects of any size, for one thread at a time: pointers that you manage by hand, and pages that you push.
/// ``ZoneFor``, the type behind `Zone`, has boxes and buffers that the compiler checks.
///
/// A zone gets pages in two ways, which mix: it *pulls* them from its provider, and you *push* them with `refill`. When
/// the zone ends it returns every page, with the objects in it. No pointer from the zone may outlive it. Every misuse
/// that has an error is detected in every build, and changes nothing.
public struct ZoneAllocator: ~Copyable {
  private let home: Home
  private let zone: ZonePointer
  private let ending: EndingValuesPointer

  private static var zoneSize: Int { ZonePointer.storageSize(bins: SizeClass.count) }

  /// Bytes of storage for the state of a zone. The storage must be aligned to 64 bytes.
  public static var storageSize: Int { zoneSize + MemoryLayout<EndingValues>.size }

  /// A zone that takes its pages from a provider, and one page for its own state.
  public init(
    pageSize: PageSize? = nil, provider: PageProvider, profile: Profile = .checked
  ) throws(AllocationError) {
    home = try Home(pageSize, provider, needed: Self.storageSize)
    zone = home.memory.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(page: home.basePage, provider: home.provider, profile: profile)
    ending = .make(in: home.memory, behind: Self.zoneSize)
  }

  /// A zone in your storage, which must outlive it. Without a provider you push pages with `refill`, and must take them
  /// out with `reclaimPage` before the zone ends, because it has nobody to return them to.
  public init(
    storage: UnsafeMutableRawBufferPointer, pageSize: PageSize? = nil, provider: PageProvider? = nil,
    profile: Profile = .checked
  ) throws(AllocationError) {
    home = try Home(storage, pageSize, provider, needed: Self.storageSize)
    zone = home.memory.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(page: home.basePage, provider: home.provider, profile: profile)
    ending = .make(in: home.memory, behind: Self.zoneSize)
  }

  deinit {
    var live: UInt = 0
    _ = zone.destroy(live: &live)
    home.giveBack()
  }

  /// Allocates memory for a layout. The memory is not cleared.
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

  /// Deallocates memory. With a layout, throws `layoutMismatch` unless the memory is of the layout's size class.
  /// Profile `fast` ignores the layout.
  public func deallocate(_ pointer: UnsafeMutableRawPointer, _ layout: Layout? = nil) throws(AllocationError) {
    try AllocationError.check(zone.deallocate(pointer, layout, ending))
  }

  /// Deinitializes the value and deallocates its memory. Throws and leaves the value alone if the pointer is not of
  /// this zone, or has another size class.
  ///
  /// The value ends once. Its deinitializer may use the zone, and finds its own memory live. A deallocation of its own
  /// pointer, typed or not, throws `doubleFree` there.
  public func deallocate<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) throws(AllocationError) {
    let layout = Layout(of: Value.self)
    var value = EndingValue(pointer)
    try withUnsafeMutablePointer(to: &value) { (value) throws(AllocationError) in
      try zone.claim(value, ending, layout)
      pointer.deinitialize(count: 1)
      try zone.deallocate(ended: value, ending, layout)
    }
  }

  /// Usable bytes of a live object; 0 if the zone has no such object.
  public func usableSize(_ pointer: UnsafeRawPointer) -> Int { Int(zone.usableSize(UInt(bitPattern: pointer))) }

  /// Whether the address is in a page of the zone.
  public func owns(_ address: UnsafeRawPointer) -> Bool { zone.owns(UInt(bitPattern: address)) }

  /// The size of the pages that serve a layout. `refill` takes pages of this size.
  public func pageSize(for layout: Layout) throws(AllocationError) -> PageSize {
    guard let bytes = zone.pageSize(size: bits(layout.size), alignment: bits(layout.alignment)) else {
      throw .invalidLayout
    }
    return PageSize(bytes: Int(bytes)) ?? zone.page
  }

  /// Pushes a page to the size class of a layout.
  public func refill(_ layout: Layout, page: UnsafeMutableRawBufferPointer) throws(AllocationError) {
    try AllocationError.check(
      zone.refill(
        size: bits(layout.size), alignment: bits(layout.alignment),
        page: bits(page.baseAddress), pageSize: UInt(page.count)))
  }

  /// Returns up to `limit` empty pages of a size to the provider. Returns their number.
  public func reclaim(_ page: PageSize, atMost limit: Int = Int.max) throws(AllocationError) -> Int {
    try zone.reclaimOrThrow(page, atMost: limit)
  }

  /// Takes an empty page of a size out of the zone and hands it to you; nil if there is none.
  public func reclaimPage(_ page: PageSize) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: zone.takeEmptyPage(page.size) ?? 0)
  }

  /// The number of size classes.
  public var classCount: Int { Int(zone.pointee.binCount) }

  /// Statistics of a size class. Index 0 is the smallest class.
  public func statistics(ofClass index: Int) -> ClassStatistics {
    precondition(index >= 0 && index < classCount)
    return zone.statistics(of: UInt(index))
  }
}
