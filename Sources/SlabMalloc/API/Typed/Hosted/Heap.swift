import CSlabmalloc

/// A heap of your own, for any thread: objects of any size, all freed in one call when the heap ends.
///
/// Boxes, buffers, pools and arenas of a heap borrow it, as those of a ``ZoneFor`` borrow their zone. The heap of the
/// process needs no value: `Box`, `Buffer`, `Pool` and `Arena` are in it, and ``processStatistics`` counts it.
///
/// Cost: as `slm_heap_allocate` and `slm_heap_deallocate`; a thread takes no lock for its own objects. Misuse: as
/// ``ZoneFor``. Only where there is an operating system.
@safe
public struct Heap: ~Copyable, @unchecked Sendable {
  @usableFromInline let raw: OpaquePointer

  /// A heap.
  /// - Parameters:
  ///   - provider: where its memory comes from; nil for the operating system. It must give runs, and be thread-safe.
  ///   - softLimit: bytes held at which a handler is called; 0 for none.
  ///   - hardLimit: bytes held above which allocations throw `limit`; 0 for none.
  public init(provider: PageProvider? = nil, softLimit: UInt64 = 0, hardLimit: UInt64 = 0) throws(AllocationError) {
    var options = slm_options()
    options.struct_size = UInt32(MemoryLayout<slm_options>.size)
    options.soft_limit = softLimit
    options.hard_limit = hardLimit
    if let provider { options.provider = provider.c }
    var status = Status.ok
    guard let heap = slm_heap_create(&options, &status) else { throw AllocationError(status) }
    raw = heap
  }

  /// Frees every object of the heap, and the heap. Values of pointers that are left are not ended.
  deinit {
    let status = slm_heap_destroy(raw, nil)
    guard status == .ok else { trap(AllocationError(status)) }
  }

  /// The source of the heap's containers. It borrows the heap.
  public var source: Source {
    @inlinable @inline(__always) @_lifetime(borrow self) get { Source(self) }
  }

  /// What the heap holds, over all threads: exact while no other thread uses it. Cost: see `slm_heap_statistics`.
  public var statistics: MemoryStatistics { MemoryStatistics(HeapMemory.statistics(raw)) }

  /// What the process holds: the memory of malloc and of all heaps. Objects are not counted.
  public static var processStatistics: MemoryStatistics {
    var usage = slm_process_usage()
    usage.struct_size = UInt32(MemoryLayout<slm_process_usage>.size)
    _ = slm_process_statistics(&usage)
    return MemoryStatistics(
      objects: nil, bytesLive: Int(usage.bytes_slabs + usage.bytes_large),
      bytesHeld: Int(usage.bytes_taken - usage.bytes_given_back), bytesPeak: nil)
  }

  /// Gives all unused memory of the process back to the system now. Returns its bytes.
  @discardableResult
  public static func purgeProcess() -> Int { slm_process_purge() }

  /// The memory of a heap.
  @safe
  public struct Source: MemorySource, ~Escapable, @unchecked Sendable {
    @usableFromInline let raw: OpaquePointer

    @inlinable @inline(__always)
    @_lifetime(borrow heap)
    init(_ heap: borrowing Heap) { raw = heap.raw }

    @inlinable @inline(__always)
    public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
      guard layout.alignment <= 16, let memory = slm_heap_allocate(raw, layout.size) else {
        return try HeapMemory.allocate(raw, layout)
      }
      return memory
    }

    @inlinable @inline(__always)
    public func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout) {
      let status = slm_heap_deallocate(raw, memory)
      guard status.rawValue == 0 else { trap(AllocationError(status, layout)) }
    }

    @inlinable
    public func resize(_ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int) -> Bool {
      slm_heap_resize(raw, memory, size).rawValue == 0
    }

    @inlinable
    public func reallocate(
      _ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int
    ) throws(AllocationError) -> UnsafeMutableRawPointer {
      guard let moved = slm_heap_reallocate_aligned(raw, memory, layout.alignment, size) else {
        throw HeapMemory.error(raw, memory, Layout(size: size, alignment: layout.alignment))
      }
      return moved
    }
  }
}

/// What a heap does where it is slow.
@usableFromInline
enum HeapMemory {
  @usableFromInline
  static func allocate(_ heap: OpaquePointer, _ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    let status = slm_heap_allocate_with(heap, layout.alignment, layout.size, 0, &memory)
    guard let memory else { throw AllocationError(status, layout, limit: statistics(heap).hard_limit) }
    return memory
  }

  /// Why a reallocation failed: what is wrong with the pointer or the layout. Of the two shortages, the limit is the
  /// one that can be seen.
  @usableFromInline
  static func error(
    _ heap: OpaquePointer, _ memory: UnsafeMutableRawPointer, _ layout: Layout
  ) -> AllocationError {
    // A live object cannot have this size, and stays as it is. Any other pointer is refused before its size is.
    let status = slm_heap_resize(heap, memory, Int.max)
    guard status == .cannotResize else { return AllocationError(status, nil) }
    guard layout.size >= 0, layout.alignment.nonzeroBitCount == 1 else {
      return AllocationError(SLM_ERR_INVALID_LAYOUT, layout)
    }
    let usage = statistics(heap)
    let isAtLimit = usage.hard_limit != 0 && usage.bytes_held + UInt64(layout.size) > usage.hard_limit
    return AllocationError(isAtLimit ? .limit : .outOfMemory, layout, limit: usage.hard_limit)
  }

  static func statistics(_ heap: OpaquePointer) -> slm_heap_usage {
    var usage = slm_heap_usage()
    usage.struct_size = UInt32(MemoryLayout<slm_heap_usage>.size)
    _ = slm_heap_statistics(heap, &usage)
    return usage
  }
}

extension MemoryStatistics {
  init(_ c: slm_heap_usage) {
    self.init(
      objects: Int(c.objects_live), bytesLive: Int(c.bytes_live), bytesHeld: Int(c.bytes_held),
      bytesPeak: Int(c.bytes_peak), softLimit: c.soft_limit, hardLimit: c.hard_limit)
  }
}
