import CSlabPort
import CSlabmalloc
import Synchronization

// Deallocation, from the fast path to the rare cases.
//
//     slm_free ──> heapDeallocateRemotely    not a slab of the thread's heap: of another's, for the most part
//         ├──────> heapDeallocateElsewhere   another segment, a large object, NULL, misuse, or no heap yet
//         ├──────> heapDeallocateDetour      a check failed; a hardened slab fails the first on purpose, and a
//         │                                  sampled object the second
//         └──────> heapDeallocateToWord      the stack of ready slots is full ──> heapSlabChanges
//
// Each arrow is a jump: what the fast path has found stays in its registers, and the arguments come in that order.
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Frees an object; this is the heap of the thread. The pool is passed, although the heap knows it: that of the
  /// process is at a fixed address.
  @inline(__always) func deallocate(_ address: UInt, _ pool: HeapPoolPointer) -> Status {
    let runs = pool.runs
    let offset = address &- runs.base
    guard offset < runs.extent else { return heapDeallocateElsewhere(address, raw) }
    let run = RunPointer.at(runs.table &+ PageRun.descriptorOffset(offset)).pointee.lead
    // Only this thread makes a slab this heap's, or gives it up.
    guard run.isOwned(by: self) else { return heapDeallocateRemotely(address, run.raw, raw) }
    return deallocate(address, run, run.bin)
  }

  /// Frees an object of a size, which is checked. Its class has the bin of this size, or it goes the long way. A run
  /// with this bin is a slab of this heap: it loses the bin before the heap gives it up, see `pass`. The call goes to
  /// `elsewhere` if the address is not in the first segment, or the size above the table's.
  @inline(__always) func deallocate(
    _ address: UInt, size: UInt, _ pool: HeapPoolPointer, elsewhere: (UInt, UInt, UnsafeMutableRawPointer) -> Status
  ) -> Status {
    let runs = pool.runs
    let offset = address &- runs.base
    guard offset < runs.extent, size < pointee.directLimit else { return elsewhere(address, size, raw) }
    let run = RunPointer.at(runs.table &+ PageRun.descriptorOffset(offset)).pointee.lead
    let bin = directBin(size)
    guard run.bin == bin else { return heapDeallocateSizedRemotely(address, run.raw, raw, size) }
    return deallocate(address, run, bin)
  }

  /// Frees a slot of a slab of a bin of this heap.
  @inline(__always) func deallocate(_ address: UInt, _ run: RunPointer, _ bin: HeapBinPointer) -> Status {
    let (index, isStart) = run.slot(at: address)
    guard isStart else { return heapDeallocateDetour(address, run.raw) }
    let mark = run.mark(index)
    guard mark.pointee == Mark.used else { return heapDeallocateDetour(address, run.raw) }
    guard bin.pointee.top != bin.pointee.limit else { return heapDeallocateToWord(run.raw, index) }
    return bin.makeReady(ReadySlot(address: address, mark: mark))
  }
}

/// NULL, an object of another heap or of another segment, a large object, or misuse.
///
/// The address comes first and the heap second: that is where the fast path has them, so it leaves by a jump.
/// - Parameter heap: the `HeapState` of the calling thread, or its stand-in.
@c(slm_core_heap_deallocate_elsewhere)
@inline(never)
@usableFromInline
func heapDeallocateElsewhere(_ address: UInt, _ heap: UnsafeMutableRawPointer) -> Status {
  guard address != 0 else { return .ok }
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard let standIn = heap.pointee.standIn else { return heap.deallocateElsewhere(address) }
  return Status(rawValue: standIn.pointee.deallocate(address, heap.raw))
}

/// A sized free of a size above what the table covers, of an object of another heap, of a large one, NULL, or misuse.
/// - Parameter heap: the `HeapState` of the calling thread, or its stand-in.
@c(slm_core_heap_deallocate_sized)
@inline(never)
@usableFromInline
func heapDeallocateSized(_ address: UInt, _ size: UInt, _ heap: UnsafeMutableRawPointer) -> Status {
  guard address != 0 else { return .ok }
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  let pool = heap.pool
  // Where the class is right, the free itself finds all else that is wrong.
  guard pool.isOfClass(address, size) || pool.isRight(address, size: size, alignment: 1) else {
    return .layoutMismatch
  }
  return heap.deallocate(address, pool)
}

/// A check of the fast path failed, or the slab is hardened. The run is the caller's own.
///
/// The address comes first and the run second: that is where the fast path has them, so it leaves by a jump.
/// - Parameter run: the `PageRun` of a slab that the thread's heap owns.
@c(slm_core_heap_deallocate_detour)
@inline(never)
@usableFromInline
func heapDeallocateDetour(_ address: UInt, _ run: UnsafeMutableRawPointer) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  guard run.isHardened else { return run.deallocateSampled(address) }
  return run.deallocateHardened(address)
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Frees an object of any heap. A stand-in may do it too.
  @inline(__always) func deallocateElsewhere(_ address: UInt) -> Status {
    guard let run = pool.runs.run(around: address) else { return pool.report(address) }
    if run.currentOwner.alone == self.address { return deallocate(address, run, run.bin) }
    return deallocateOutside(address, run)
  }
}
