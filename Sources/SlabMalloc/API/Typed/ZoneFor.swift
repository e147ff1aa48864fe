import CSlabmalloc

/// A zone: memory of your own, on pages that a provider gives. Every page goes back when the zone ends.
///
/// Boxes, buffers, pools and arenas of a zone borrow it. They cannot be returned from the scope of the zone, and the
/// zone cannot be moved or ended while they are used: the compiler refuses both.
///
///     provider ──> pages ──> zone ──┬─> Zone.Box, Zone.Buffer      borrow the zone, and end their values
///                                   ├─> Zone.Pool, Zone.Arena
///                                   └─> allocate(_:)               a pointer, which is yours to deallocate
///
/// `Zone` is for one thread at a time, and not `Sendable`: it may be sent, but not shared. `Zone.Shared` has a lock, is
/// `Sendable`, and may be a global `let`; its provider must be thread-safe.
///
/// Cost: as `slm_zone_allocate` and `slm_zone_deallocate`. Misuse: a wrong pointer is thrown by ``deallocate(_:)``; a
/// box whose memory was written to (profile hardened) traps when it ends.
@safe
public struct ZoneFor<Threads: ZoneThreads>: ~Copyable {
  @usableFromInline let raw: OpaquePointer
  private let home: AllocatorHome

  /// A zone that takes its pages, and those for its own state, from a provider.
  /// - Parameters:
  ///   - provider: gives pages and takes them back; thread-safe for a zone for any thread.
  ///   - pageSize: the base page size; nil for the provider's, or 4 KiB.
  ///   - profile: the kinds of misuse that are detected.
  ///   - softLimit: bytes of pages at which a handler is called; 0 for none. See `slm_zone_set_limits`.
  ///   - hardLimit: bytes of pages above which allocations throw `limit`; 0 for none.
  public init(
    provider: PageProvider, pageSize: PageSize? = nil, profile: Profile = .checked, softLimit: UInt64 = 0,
    hardLimit: UInt64 = 0
  ) throws(AllocationError) {
    var options = AllocatorHome.options(provider, pageSize, profile, Threads.self)
    options.soft_limit = softLimit
    options.hard_limit = hardLimit
    let home = try AllocatorHome(options, needed: slm_zone_storage_size(&options))
    var status = Status.ok
    guard let zone = slm_zone_init(home.memory, home.size, &options, &status) else {
      home.giveBack()
      throw AllocationError(status)
    }
    self.home = home
    raw = zone
  }

  /// Ends the zone, with every object that is left in it, and gives its pages back. Values of pointers that are left
  /// are not ended.
  deinit {
    let status = slm_zone_destroy(raw, nil)
    guard status == .ok else { trap(AllocationError(status)) }
    home.giveBack()
  }

  /// The source of the zone's containers. It borrows the zone.
  public var source: Source {
    @inlinable @inline(__always) @_lifetime(borrow self) get { Source(self) }
  }

  /// The memory of a zone.
  @safe
  public struct Source: MemorySource, ~Escapable {
    @usableFromInline let raw: OpaquePointer

    @inlinable @inline(__always)
    @_lifetime(borrow zone)
    init(_ zone: borrowing ZoneFor<Threads>) { raw = zone.raw }

    /// The memory of a zone that was made in C, and that outlives everything on it.
    @inlinable @unsafe
    @_lifetime(immortal)
    public init(unmanaged zone: OpaquePointer) { raw = zone }

    @inlinable @inline(__always)
    public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
      // Slots are aligned to 16, and those of 8 bytes to 8.
      guard layout.alignment <= 8 || (layout.alignment <= 16 && layout.size > 8),
        let memory = slm_zone_allocate(raw, layout.size)
      else { return try ZoneMemory.allocate(raw, layout) }
      return memory
    }

    @inlinable @inline(__always)
    public func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout) {
      let status = slm_zone_deallocate(raw, memory)
      guard status.rawValue == 0 else { trap(AllocationError(status, layout)) }
    }

    @inlinable
    public func resize(_ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int) -> Bool {
      slm_zone_resize(raw, memory, size).rawValue == 0
    }

    @inlinable
    public func reallocate(
      _ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int
    ) throws(AllocationError) -> UnsafeMutableRawPointer {
      guard let moved = slm_zone_reallocate_aligned(raw, memory, layout.alignment, size) else {
        throw ZoneMemory.error(raw, memory, Layout(size: size, alignment: layout.alignment))
      }
      return moved
    }
  }
}

extension ZoneFor.Source: @unchecked Sendable where Threads: Sendable {}

/// A zone for any thread may be shared, because the library locks it. One for one thread may only be sent.
extension ZoneFor: @unchecked Sendable where Threads: Sendable {}

/// Who may use a zone or cache: ``OneThread`` at a time, or ``AnyThread``.
public protocol ZoneThreads {
  /// The value of `slm_options.threads`.
  static var option: UInt32 { get }
}
/// One thread at a time, and no lock.
public enum OneThread: ZoneThreads { public static var option: UInt32 { SLM_ONE_THREAD } }
/// What makes a zone for one thread not `Sendable`. Swift 6.3 ignores a requirement that names the type where it checks
/// globals and stored properties.
@available(*, unavailable)
extension OneThread: Sendable {}
/// Any thread, behind one lock.
public enum AnyThread: ZoneThreads, Sendable { public static var option: UInt32 { SLM_ANY_THREAD } }

/// A zone for one thread at a time.
public typealias Zone = ZoneFor<OneThread>

extension ZoneFor where Threads == OneThread {
  /// A zone for any thread.
  public typealias Shared = ZoneFor<AnyThread>
}

/// What a zone does where it is slow.
@usableFromInline
enum ZoneMemory {
  @usableFromInline
  static func allocate(_ zone: OpaquePointer, _ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    let status = slm_zone_allocate_with(zone, layout.alignment, layout.size, 0, &memory)
    guard let memory else { throw AllocationError(status, layout, limit: statistics(zone).hard_limit) }
    return memory
  }

  /// Why a reallocation failed: what is wrong with the pointer, or what an allocation of the new size would say.
  @usableFromInline
  static func error(
    _ zone: OpaquePointer, _ memory: UnsafeMutableRawPointer, _ layout: Layout
  ) -> AllocationError {
    // A live object cannot have this size, and stays as it is. Any other pointer is refused before its size is.
    let status = slm_zone_resize(zone, memory, Int.max)
    guard status == .cannotResize else { return AllocationError(status, nil) }
    var other: UnsafeMutableRawPointer?
    let refusal = slm_zone_allocate_with(zone, layout.alignment, layout.size, SLM_NOWAIT, &other)
    if let other { _ = slm_zone_deallocate(zone, other) }
    return AllocationError(refusal == .ok ? .outOfMemory : refusal, layout, limit: statistics(zone).hard_limit)
  }

  static func statistics(_ zone: OpaquePointer) -> slm_statistics {
    var statistics = slm_statistics()
    statistics.struct_size = UInt32(MemoryLayout<slm_statistics>.size)
    _ = slm_zone_statistics(zone, &statistics)
    return statistics
  }
}
