import CSlabPort
import CSlabmalloc
import Synchronization

/// Profile hardened: allocations and deallocations that cost more and find more.
///
///     slot:   | object, 0 until it is handed out ...        | slack: 0  | canary |
///
/// - A canary ends each slot, and says where the object ends, see `PageRun+Canary`. A free checks whether it or the
///   slack before it was overwritten.
/// - A free looks at the bytes beside the slot too, see `PageRun+Neighbours`.
/// - A free clears the slot, and an allocation checks whether it still reads as 0: if not, it was written after it was
///   freed, and is retired.
/// - A freed slot goes into the quarantine of its bin and takes a random entry. The slot that was there is evicted: it
///   becomes available. The quarantine uses the memory of the stack of ready slots. Its slots are out of their
///   slabs, and are marked as free for everybody else.
/// - An allocation takes a random slot of a word; a new slab starts with a random word.
/// - The run of a slab without used slots is kept whole, for the next slab, see `KeptRuns`.
/// - Each slab, large object and page of metadata ends with a guard page, see `RunPool+Guards`.
/// - An object of size 0 can't be touched, see `EmptyObjects`.
///
/// No other profile pays for it. A hardened heap has `directLimit` 0, and its allocations therefore leave the fast
/// path. Hardened slabs have the reciprocal 0, which no address passes, and their frees leave the fast path by
/// `heapDeallocateDetour`.
extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) func allocateHardened(_ size: UInt) -> UInt {
    // Size 0 wraps: it is another class's.
    guard size &- 1 < HeapState.directLimit - Canary.size - 1 else { return allocateHardened(size, alignment: 1) }
    return directBin(size + Canary.size).allocateHardened(size)
  }

  func allocateHardened(_ size: UInt, alignment: UInt) -> UInt {
    guard let index = pool.sizeClass(size, alignment: alignment) else {
      return allocateLarge(size, alignment: alignment)
    }
    return allocateHardened(size, ofClass: index)
  }

  /// All free slots of a hardened heap read as 0.
  func allocateHardened(_ size: UInt, ofClass index: UInt) -> UInt {
    index == SizeClass.empty ? bin(index).allocateEmpty() : bin(index).allocateHardened(size)
  }

  /// Evicts all slots from quarantine.
  func evictAll() {
    for index in 0..<SizeClass.count { bin(index).evictAll() }
  }

  func seedRandom() {
    var random = SplitMix(state: slm_port_random())
    for index in 0..<SizeClass.count { bin(index).pointee.random = random.next() }
  }
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Makes a used slot of a hardened slab a remote one: it is `clearing` until its memory is clear. Returns a misuse.
  func clearObject(_ address: UInt, _ run: RunPointer, _ index: UInt) -> Status {
    if run.isOfEmptyObjects { return run.changeUsedMark(index, to: Mark.remote) ? .ok : .doubleFree }
    let mark = run.atomicMark(index)
    // The canary before the mark: a thread that frees the object at the same moment changes them in the other order.
    let isWhole = run.isIntact(address, UInt(run.pointee.slotSize))
    guard mark.pointee.load(ordering: .acquiring) == Mark.used else { return .doubleFree }
    guard isWhole else { return .overflow }
    guard run.changeUsedMark(index, to: Mark.clearing) else { return .doubleFree }
    run.orderMark()
    ZeroMemory.clear(address, UInt(run.pointee.slotSize))
    mark.pointee.store(Mark.remote, ordering: .releasing)
    return .ok
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Frees a slot of this hardened slab, whose owner is the thread's heap.
  @inline(__always) func deallocateHardened(_ address: UInt) -> Status {
    let bin = bin
    let pool = bin.pointee.heap.pool
    let (index, fraction) = (address &- pointee.start).multipliedFullWidth(by: bin.pointee.reciprocal)
    guard fraction < bin.pointee.reciprocal, index < UInt(bin.pointee.slotCount) else {
      return deallocateWithoutReciprocal(address)
    }
    // Before the mark, as in `clearObject`.
    let isWhole = isIntact(address, bin.pointee.slotSize)
    let mark = mark(index)
    guard mark.pointee == Mark.used else { return deallocateSampledHardened(address) }
    guard isWhole else { return pool.report(address, .overflow) }
    guard hasIntactNeighbours(index, address, bin.pointee.slotSize, UInt(bin.pointee.slotCount)) else {
      return deallocateBesideWrite(address)
    }
    return deallocateIntact(address, mark, bin)
  }

  /// Frees a slot that was looked at.
  @inline(__always) func deallocateIntact(
    _ address: UInt, _ mark: UnsafeMutablePointer<UInt8>, _ bin: HeapBinPointer
  ) -> Status {
    guard changeUsedMark(mark, to: Mark.free) else { return bin.pointee.heap.pool.report(address) }
    orderMark()
    ZeroMemory.clear(address, bin.pointee.slotSize)
    return bin.quarantine(ReadySlot(address: address, mark: mark))
  }

  /// Between the change of a mark and the clearing of its slot. An atomic operation orders what follows after its load
  /// alone: on arm64 another thread may see a cleared canary before it sees the mark, and would report an overflow
  /// where two threads free one object. On x86 the operation is a barrier, and this is no instruction.
  @inline(__always) fileprivate func orderMark() { atomicMemoryFence(ordering: .releasing) }
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Frees the run of a hardened slab. Its slots were cleared when they were freed, and the run is kept for the next
  /// slab; not if its memory was purged, or if a destroyed heap had objects in it.
  /// Requires: the lock of the run pool.
  func freeHardened(_ slab: RunPointer, isClean: Bool) {
    assertLocked()
    if slab.isOfEmptyObjects { return runs.free(slab, isClean: isClean || slab.pointee.isClean) }
    if slab.isUnused, !isClean { return runs.keep(slab: slab) }
    runs.decommit(slab)
    runs.free(slab, isClean: isClean)
  }
}
