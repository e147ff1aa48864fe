import CSlabPort

// Allocation, from the fast path to the rare cases. Each step leaves what it can't serve to the next one by a jump:
//
//     slm_malloc ──> heapAllocateOtherSize ──> heapAllocateInDetour ──> stand-in, hardened, sampled
//         │                     └────────────> heapAllocateRarely: large
//         └────────> bin: heapAllocateFromWord ──> heapAllocateByRefill
//
// Where a raw pointer stands behind the size, that is the register in which the caller has it: nothing moves before the
// jump.
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Allocates `size` bytes.
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    guard size < pointee.directLimit else {
      return UnsafeMutableRawPointer(bitPattern: heapAllocateOtherSize(size, raw))
    }
    return directBin(size).allocate()
  }
}

/// The size is above what the table covers, or the heap has no table.
/// - Parameter heap: a `HeapState`, or a stand-in.
@c(slm_core_heap_allocate_other_size)
@inline(never)
@usableFromInline
func heapAllocateOtherSize(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  // Another thread may set the limit to 0. Only the heap's own sets it back.
  guard heap.pointee.directLimit != 0 else { return heapAllocateInDetour(size, heap.raw) }
  guard size <= SizeClass.slotSize(SizeClass.last) else { return heapAllocateRarely(size, heap.raw) }
  return UInt(bitPattern: heap.bin(SizeClass.regular(size)).allocate())
}

/// A sampled heap, a hardened heap, or a thread without a heap.
/// - Parameter heap: a `HeapState`, or a stand-in.
@c(slm_core_heap_allocate_in_detour)
@inline(never)
@usableFromInline
func heapAllocateInDetour(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  if heap.pointee.sampling == .plain { return heapAllocateSampled(size, heap.raw) }
  guard heap.isInitialized else { return heap.standIn { $0.allocate(size, heap.raw) } }
  guard heap.pointee.sampling == .none else { return heapAllocateSampledRarely(size, heap.raw) }
  return heap.allocateHardened(size)
}

/// A large object.
/// - Parameter heap: a `HeapState`, or a stand-in.
@c(slm_core_heap_allocate_rarely)
@inline(never)
@usableFromInline
func heapAllocateRarely(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard heap.isInitialized else { return heap.standIn { $0.allocate(size, heap.raw) } }
  if heap.pointee.directLimit == 0 { return heap.allocateInDetour(size, alignment: 1) }
  return heap.allocateLarge(size, alignment: 1)
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Allocates at a multiple of an alignment, which is a power of two.
  func allocate(_ size: UInt, alignment: UInt) -> UInt {
    guard isInitialized else { return standIn { $0.allocate_aligned(size, alignment, raw) } }
    if pointee.directLimit == 0 { return allocateInDetour(size, alignment: alignment) }
    guard let index = SizeClass.naturalIndex(size: size, alignment: alignment) else {
      return allocateLarge(size, alignment: alignment)
    }
    return UInt(bitPattern: bin(index).allocate())
  }

  /// Allocates memory that reads as 0, all of its usable bytes. The alignment is a power of two.
  func allocateZeroed(_ size: UInt, alignment: UInt = 1) -> UInt {
    guard isInitialized else { return standIn { $0.allocate_zeroed(size, raw) } }
    if pointee.directLimit == 0 { return allocateZeroedInDetour(size, alignment: alignment) }
    guard let index = SizeClass.naturalIndex(size: size, alignment: alignment) else {
      return allocateLargeZeroed(size, alignment: alignment)
    }
    return allocateZeroed(ofClass: index)
  }

  /// Of a plain heap.
  @inline(__always) func allocateZeroed(ofClass index: UInt) -> UInt {
    var isFresh = false
    let bin = bin(index)
    let start = bin.allocateFresh(&isFresh)
    pool.zero(start, isFresh ? 0 : bin.pointee.slotSize)
    return start
  }

  func allocateLarge(_ size: UInt, alignment: UInt) -> UInt {
    pool.allocateLarge(size, alignment: alignment, for: pointee.explicit).start
  }

  func allocateLargeZeroed(_ size: UInt, alignment: UInt) -> UInt {
    pool.allocateLargeZeroed(size, alignment: alignment, for: pointee.explicit)
  }
}
