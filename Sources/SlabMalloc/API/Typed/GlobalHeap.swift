import CSlabmalloc

#if !SLM_HOSTED
  import CSlabmalloc.Port
#endif

/// The heap that is always there: the process's, for any thread. In a kernel it is the zone that the kernel started as
/// the heap of its Swift objects.
///
/// Cost: as `slm_malloc` and `slm_free`. Misuse goes to the misuse handler of the process, or to `slm_port_misuse`.
public struct GlobalHeap: MemorySource, Sendable {
  @inlinable public init() {}

  #if SLM_HOSTED
    /// Bytes of a pool's chunk.
    @inlinable @inline(__always) static var chunkGoal: Int { 16 << 10 }

    @inlinable @inline(__always)
    public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
      guard layout.alignment <= 16, let memory = slm_malloc(layout.size) else { return try allocateAligned(layout) }
      return memory
    }

    /// Above the alignment of malloc, and where malloc refused: there the layout says why.
    @inline(never) @usableFromInline
    func allocateAligned(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
      guard layout.size >= 0, layout.alignment.nonzeroBitCount == 1 else {
        throw AllocationError(SLM_ERR_INVALID_LAYOUT, layout)
      }
      guard layout.alignment > 16, let memory = slm_aligned_alloc(layout.alignment, layout.size) else {
        throw AllocationError(SLM_ERR_OUT_OF_MEMORY, layout)
      }
      return memory
    }

    @inlinable @inline(__always)
    public func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout) { slm_free(memory) }

    @inlinable
    public func reallocate(
      _ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int
    ) throws(AllocationError) -> UnsafeMutableRawPointer {
      // realloc frees at size 0.
      guard layout.alignment <= 16 else { return try move(memory, layout, to: size) }
      guard let moved = slm_realloc(memory, size == 0 ? 1 : size) else {
        throw AllocationError(SLM_ERR_OUT_OF_MEMORY, Layout(size: size, alignment: layout.alignment))
      }
      return moved
    }

    @usableFromInline
    func move(
      _ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int
    ) throws(AllocationError) -> UnsafeMutableRawPointer {
      let moved = try allocate(Layout(size: size, alignment: layout.alignment))
      moved.copyMemory(from: memory, byteCount: min(size, layout.size))
      deallocate(memory, layout)
      return moved
    }
  #else
    /// Bytes of a pool's chunk: the largest size of which a base page of 4 KiB has two.
    @inlinable @inline(__always) static var chunkGoal: Int { 2 << 10 }

    @inlinable
    public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
      var memory: UnsafeMutableRawPointer?
      let status = slm_swift_heap_allocate(layout.alignment, layout.size, &memory)
      guard let memory else { throw AllocationError(status, layout) }
      return memory
    }

    @inlinable
    public func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout) { slm_swift_heap_free(memory) }
  #endif
}
