import CSlabmalloc

/// A cache: slots of exactly the size of one type, on pages that a provider gives. Boxes of it borrow the cache.
///
/// `Cache<Value>` is for one thread at a time; `SharedCache<Value>` has a lock, is `Sendable`, and may be a global
/// `let`. A ``Pool`` has handles and takes its memory where you like; a cache gives whole pages back to its provider as
/// they become empty.
///
/// Cost: 41 instructions for a box that is made and dropped at once. Misuse: as ``ZoneFor``.
@safe
public struct CacheFor<Value: ~Copyable, Threads: ZoneThreads>: ~Copyable {
  @usableFromInline let raw: OpaquePointer
  private let home: AllocatorHome

  /// A cache that takes its pages, and those for its own state, from a provider.
  /// - Parameters:
  ///   - provider: gives pages and takes them back; thread-safe for a cache for any thread.
  ///   - pageSize: the base page size; nil for the provider's, or 4 KiB.
  ///   - profile: the kinds of misuse that are detected.
  ///   - hardLimit: bytes of pages above which allocations throw `limit`; 0 for none.
  public init(
    provider: PageProvider, pageSize: PageSize? = nil, profile: Profile = .checked, hardLimit: UInt64 = 0
  ) throws(AllocationError) {
    var options = AllocatorHome.options(provider, pageSize, profile, Threads.self)
    options.hard_limit = hardLimit
    let home = try AllocatorHome(options, needed: slm_cache_storage_size(&options))
    var status = Status.ok
    let layout = MemoryLayout<Value>.self
    guard
      let cache = slm_cache_init(home.memory, home.size, layout.alignment, layout.size, &options, &status)
    else {
      home.giveBack()
      throw AllocationError(status, Layout(size: layout.size, alignment: layout.alignment))
    }
    self.home = home
    raw = cache
  }

  /// Ends the cache and gives its pages back.
  deinit {
    let status = slm_cache_destroy(raw, nil)
    guard status == .ok else { trap(AllocationError(status)) }
    home.giveBack()
  }

  /// The source of the cache's boxes. It borrows the cache.
  public var source: Source {
    @inlinable @inline(__always) @_lifetime(borrow self) get { Source(self) }
  }

  /// A box in a cache, which it borrows.
  public typealias Box = BoxIn<Value, Source>

  /// Moves a value into a slot. If memory is refused, the value ends.
  @inlinable @inline(__always)
  @_lifetime(borrow self)
  public borrowing func box(_ value: consuming Value) throws(AllocationError) -> Box { try BoxIn(value, in: source) }

  /// Guarantees the next allocations, whatever else is refused meanwhile. See `slm_zone_reserve`.
  public borrowing func reserve(count: Int) throws(AllocationError) {
    guard count >= 0 else { throw .invalidArgument }
    let status = slm_cache_reserve(raw, count)
    guard status == .ok else {
      throw AllocationError(status, Layout(of: Value.self), limit: CacheMemory.statistics(raw).hard_limit)
    }
  }

  /// Gives all empty pages back to the provider, except those of a reserve. Returns their number.
  @discardableResult
  public borrowing func reclaim() -> Int {
    var out = slm_reclaimed()
    out.struct_size = UInt32(MemoryLayout<slm_reclaimed>.size)
    let status = slm_cache_reclaim(raw, Int(bitPattern: UInt.max), Int(bitPattern: UInt.max), &out)
    guard status == .ok else { trap(AllocationError(status)) }
    return Int(out.base_pages + out.large_pages)
  }

  /// Bytes of a slot.
  public var slotSize: Int { slm_cache_slot_size(raw) }

  /// What the cache holds. Cost: some 100 instructions for each page.
  public var statistics: MemoryStatistics { MemoryStatistics(CacheMemory.statistics(raw)) }

  /// The memory of a cache: each allocation is a slot, which serves layouts up to the value's.
  @safe
  public struct Source: MemorySource, ~Escapable {
    @usableFromInline let raw: OpaquePointer

    @inlinable @inline(__always)
    @_lifetime(borrow cache)
    init(_ cache: borrowing CacheFor<Value, Threads>) { raw = cache.raw }

    @inlinable @inline(__always)
    public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
      guard layout.size <= MemoryLayout<Value>.size, layout.alignment <= MemoryLayout<Value>.alignment else {
        throw AllocationError(SLM_ERR_INVALID_LAYOUT, layout)
      }
      guard let memory = slm_cache_allocate(raw) else { return try CacheMemory.allocate(raw, layout) }
      return memory
    }

    @inlinable @inline(__always)
    public func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout) {
      let status = slm_cache_deallocate(raw, memory)
      guard status.rawValue == 0 else { trap(AllocationError(status, layout)) }
    }
  }
}

extension CacheFor: @unchecked Sendable where Value: ~Copyable, Threads: Sendable {}
extension CacheFor.Source: @unchecked Sendable where Value: ~Copyable, Threads: Sendable {}

/// A cache for one thread at a time.
public typealias Cache<Value: ~Copyable> = CacheFor<Value, OneThread>
/// A cache for any thread.
public typealias SharedCache<Value: ~Copyable> = CacheFor<Value, AnyThread>

/// What a cache does where it is slow.
@usableFromInline
enum CacheMemory {
  @usableFromInline
  static func allocate(_ cache: OpaquePointer, _ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    let status = slm_cache_allocate_with(cache, 0, &memory)
    guard let memory else { throw AllocationError(status, layout, limit: statistics(cache).hard_limit) }
    return memory
  }

  static func statistics(_ cache: OpaquePointer) -> slm_statistics {
    var statistics = slm_statistics()
    statistics.struct_size = UInt32(MemoryLayout<slm_statistics>.size)
    _ = slm_cache_statistics(cache, &statistics)
    return statistics
  }
}
