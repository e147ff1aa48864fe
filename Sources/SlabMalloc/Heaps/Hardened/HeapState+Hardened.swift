import CSlabPort
import CSlabmalloc
import Synchronization

/// Profile hardened: allocations and deallocations that cost more and find more.
///
///     slot:   | object, 0 until it is handed out ...                    | canary |
///
/// - A canary ends each slot: a secret xor its address. A free checks whether it was overwritten.
/// - A free clears the slot, and an allocation checks whether it still reads as 0: if not, it was written after it was
///   freed.
/// - A freed slot goes into the quarantine of its bin and takes a random entry. The slot that was there is evicted: it
///   becomes available. The quarantine uses the memory of the stack of ready slots. Its slots count as used in their
///   slabs, and are marked as free for everybody else.
/// - An allocation takes a random slot of a word; a new slab starts with a random word.
/// - The run of a slab without used slots is kept whole, for the next slab, see `KeptRuns`.
/// - Each slab, large object and page of metadata ends with a guard page, see `RunPool+Guards`.
///
/// No other profile pays for it. A hardened heap has `directLimit` 0, and its allocations therefore leave the fast
/// path. Hardened slabs have the reciprocal 0, which no address passes, and their frees leave the fast path by
/// `heapDeallocateDetour`.
extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) func allocateHardened(_ size: UInt) -> UInt {
    guard size < HeapState.directLimit - Canary.size else { return allocateHardened(size, alignment: 1) }
    return directBin(size + Canary.size).allocateHardened()
  }

  func allocateHardened(_ size: UInt, alignment: UInt) -> UInt {
    guard let index = pool.sizeClass(size, alignment: alignment) else {
      return allocateLarge(size, alignment: alignment).start
    }
    return bin(index).allocateHardened()
  }

  /// Evicts all slots from quarantine.
  func evictAll() {
    for index in 0..<SizeClass.count { bin(index).evictAll() }
  }

  func seedRandom() {
    var random = SplitMix(state: slm_port_random())
    for index in 0..<SizeClass.count { bin(index).pointee.random = random.next() }
  }

  /// Frees a slot of a slab that another thread owns, or nobody: it is `clearing` until its memory is clear. Reports a
  /// misuse and returns it.
  func clearRemotely(_ address: UInt, _ run: RunPointer, _ index: UInt) -> Status {
    let mark = run.atomicMark(index)
    // The canary before the mark: a thread that frees the object at the same moment changes them in the other order.
    let isWhole = run.hasCanary(address, pool)
    guard mark.pointee.load(ordering: .acquiring) == Mark.used else { return pool.report(address) }
    guard isWhole else { return pool.report(address, .overflow) }
    guard run.changeUsedMark(index, to: Mark.clearing) else { return pool.report(address) }
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
    guard fraction < bin.pointee.reciprocal, index < UInt(bin.pointee.slotCount) else { return pool.report(address) }
    // Before the mark, as in `clearRemotely`.
    let isWhole = hasCanary(address, pool)
    let mark = mark(index)
    guard mark.pointee == Mark.used else { return pool.report(address) }
    guard isWhole else { return pool.report(address, .overflow) }
    guard changeUsedMark(index, to: Mark.free) else { return pool.report(address) }
    ZeroMemory.clear(address, bin.pointee.slotSize)
    return bin.quarantine(ReadySlot(address: address, run: self, mark: mark))
  }

  /// Whether nothing was written past an object. Loads that follow come after this one.
  @inline(__always) func hasCanary(_ address: UInt, _ pool: HeapPoolPointer) -> Bool {
    let canary = Canary.place(address, UInt(pointee.slotSize))
    return atomic(canary).pointee.load(ordering: .acquiring) == pool.canary(canary)
  }
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  @inline(__always) func canary(_ word: UnsafeMutablePointer<UInt>) -> UInt {
    Canary.word(pointee.secret, at: UInt(bitPattern: word))
  }

  /// Frees the run of a hardened slab. Its slots were cleared when they were freed, and the run is kept for the next
  /// slab; not if its memory was purged, or if a destroyed heap had objects in it.
  /// Requires: the lock of the run pool.
  func freeHardened(_ slab: RunPointer, isClean: Bool) {
    assertLocked()
    if slab.pointee.used == 0, !isClean { return runs.keep(slab: slab) }
    runs.decommit(slab)
    runs.free(slab, isClean: isClean)
  }
}
