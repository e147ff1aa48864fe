import CSlabPort
import Synchronization

/// Sampled heaps: one object in so many bytes goes into the heap profile.
///
/// No other heap pays for it. A sampled heap has `directLimit` 0, as a hardened one has, and its allocations leave the
/// fast path. Each subtracts the bytes of its slot from the budget; the one that finds too few is the sample. Frees
/// keep the fast path: the mark of a sampled slot is not `used`, and only its deallocation fails the check.
///
///     slm_malloc ──> heapAllocateInDetour ──> heapAllocateSampled ── budget ──> bin
///                                                               └─ none left ──> sample ──> used -> sampled
///     slm_free ── mark is not used ──> heapDeallocateDetour ──> sampled -> used ──> slm_free
///
/// The budget is an exponential random number, which has no memory: an object of s bytes is a sample with probability
/// 1 - exp(-s / rate), whatever was allocated before it. A large object has its flag where it has its
/// explicit heap.
///
/// A sample counts the bytes of its slot, or of its pages if it is large. Objects of explicit heaps, and those without
/// bytes in profile hardened, are no samples.
enum Sampling: UInt8 {
  case none
  case plain
  case hardened
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Another thread may do this while the heap's own allocates: a plain heap that leaves the fast path is a sampled one
  /// before.
  func startSampling() {
    guard let sampler = pool.pointee.sampler else { return }
    pointee.sampleBudget = sampler.nextGap()
    pointee.sampling = pool.isHardened ? .hardened : .plain
    atomicMemoryFence(ordering: .releasing)
    pointee.directLimit = 0
  }

  /// Ends the budget: the heap's own thread finds that, and goes back to the fast path. Another thread may do this. If
  /// the own one changes the budget at the same moment, that comes to nothing, and the detour lasts until the next
  /// sample.
  func stopSampling() { pointee.sampleBudget = 0 }

  /// The heap's own thread finds that nothing is sampled any more.
  private func endSampling() {
    pool.locked {
      guard !pool.pointee.isSampling else { return }
      pointee.sampling = .none
      pointee.directLimit = pool.isHardened ? 0 : HeapState.directLimit
    }
  }
}

/// A plain heap that is sampled.
/// - Parameter heap: a `HeapState` of a thread.
@c(slm_core_heap_allocate_sampled)
@inline(never)
@usableFromInline
func heapAllocateSampled(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard size < HeapState.directLimit else { return heapAllocateSampledOtherSize(size, heap.raw) }
  return heap.allocateSampled(size, from: heap.directBin(size))
}

/// A size above the table's.
/// - Parameter heap: a `HeapState` of a thread.
@c(slm_core_heap_allocate_sampled_other_size)
@inline(never)
@usableFromInline
func heapAllocateSampledOtherSize(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard size <= SizeClass.slotSize(SizeClass.last) else { return heapAllocateSampledRarely(size, heap.raw) }
  return heap.allocateSampled(size, from: heap.bin(SizeClass.regular(size)))
}

/// A sample, a large object, or a hardened heap.
/// - Parameter heap: a `HeapState` of a thread.
@c(slm_core_heap_allocate_sampled_rarely)
@inline(never)
@usableFromInline
func heapAllocateSampledRarely(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  heap.assumingMemoryBound(to: HeapState.self).allocateInDetour(size, alignment: 1)
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Allocates from a bin of this plain heap, unless the budget ends.
  @inline(__always) fileprivate func allocateSampled(_ size: UInt, from bin: HeapBinPointer) -> UInt {
    let left = pointee.sampleBudget &- Int(bitPattern: bin.pointee.slotSize)
    guard left >= 0 else { return heapAllocateSampledRarely(size, raw) }
    pointee.sampleBudget = left
    // Not as a number of a pointer that may be nil: that would be a test, and no jump to the slow path.
    return unsafeBitCast(bin.allocate(), to: UInt.self)
  }

  /// Allocates from a heap that is hardened, sampled or both.
  @inline(never) func allocateInDetour(_ size: UInt, alignment: UInt) -> UInt {
    guard let index = pool.sizeClass(size, alignment: alignment) else {
      return countLarge(allocateLarge(size, alignment: alignment))
    }
    let isHardened = pool.isHardened
    let start = isHardened ? allocateHardened(size, ofClass: index) : UInt(bitPattern: bin(index).allocate())
    return count(start, ofClass: index)
  }

  @inline(never) func allocateZeroedInDetour(_ size: UInt, alignment: UInt) -> UInt {
    guard let index = pool.sizeClass(size, alignment: alignment) else {
      return countLarge(allocateLargeZeroed(size, alignment: alignment))
    }
    return count(
      pool.isHardened ? allocateHardened(size, ofClass: index) : allocateZeroed(ofClass: index), ofClass: index)
  }

  @inline(__always) private func count(_ start: UInt, ofClass index: UInt) -> UInt {
    guard pointee.sampling != .none, index != SizeClass.empty else { return start }
    return count(start, SizeClass.slotSize(index))
  }

  /// Counts a large object that was allocated, or has another size. Returns its start, which may be 0.
  @inline(__always) func countLarge(_ start: UInt) -> UInt {
    pointee.sampling == .none ? start : countSampledLarge(start)
  }

  @inline(never) private func countSampledLarge(_ start: UInt) -> UInt {
    guard let run = pool.runs.run(around: start), run.pointee.kind == .large else { return start }
    return count(start, LargeObject(run).size)
  }

  /// Subtracts bytes from the budget. Returns the start, which is 0 if there was no memory.
  private func count(_ start: UInt, _ bytes: UInt) -> UInt {
    guard start != 0 else { return 0 }
    // A budget is at least 0, and an object smaller than half of all memory.
    let left = pointee.sampleBudget &- Int(bitPattern: bytes)
    if left >= 0 { pointee.sampleBudget = left } else { sample(start, bytes) }
    return start
  }

  @inline(never) private func sample(_ start: UInt, _ bytes: UInt) {
    guard let sampler = pool.pointee.sampler, let run = pool.runs.run(around: start) else { return }
    let saved = slm_port_errno()
    // What the unwinder allocates is no sample.
    pointee.sampleBudget = Int.max
    if sampler.note(start, bytes) { run.markSampled(start) }
    pointee.sampleBudget = sampler.nextGap()
    if !pool.pointee.isSampling { endSampling() }
    slm_port_set_errno(saved)
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Marks an object that its thread has allocated, and nobody else knows.
  fileprivate func markSampled(_ address: UInt) {
    if pointee.kind == .large {
      LargeObject(self).isSampled = true
    } else {
      mark(slot(ofAny: address).index).pointee = Mark.sampled
    }
  }

  /// Frees a slot of this plain slab, whose owner is the thread's heap, if it is sampled; all else is misuse.
  @inline(never) func deallocateSampled(_ address: UInt) -> Status {
    let heap = bin.pointee.heap
    guard heap.pool.endSample(address, self) else { return heap.pool.report(address) }
    return heap.deallocate(address, self, bin)
  }

  /// The same of a hardened slab.
  @inline(never) func deallocateSampledHardened(_ address: UInt) -> Status {
    let pool = bin.pointee.heap.pool
    guard pool.endSample(address, self) else { return pool.report(address) }
    return heapDeallocateDetour(address, raw)
  }
}
