// Slots that return to their slab, and what the slab becomes. Owner: only the thread of the bin's heap runs these.

/// The stack is full: the slot becomes available in its slab, unless the stack can grow. Run and index come in the
/// order in which the fast path computes them.
/// - Parameter run: the `PageRun` of a slab that the thread's heap owns.
@c(slm_core_heap_deallocate_to_word)
@inline(never)
@usableFromInline
func heapDeallocateToWord(_ run: UnsafeMutableRawPointer, _ index: UInt) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  guard run.bin.hasFullStack else { return heapDeallocateToLongerStack(run.raw, index) }
  run.mark(index).pointee = Mark.free
  return run.returnSlot(index)
}

/// The stack grows, see HeapBin+Stack.
/// - Parameter run: the `PageRun` of a slab that the thread's heap owns.
@c(slm_core_heap_deallocate_to_longer_stack)
@inline(never)
@usableFromInline
func heapDeallocateToLongerStack(_ run: UnsafeMutableRawPointer, _ index: UInt) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  let bin = run.bin
  bin.growStack()
  let address = run.pointee.start + index * bin.pointee.slotSize
  return bin.makeReady(ReadySlot(address: address, run: run, mark: run.mark(index)))
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Makes a used slot available.
  @inline(__always) func returnSlot(_ index: UInt) -> Status {
    makeAvailable(index)
    pointee.used &-= 1
    guard pointee.used != 0 else { return heapSlabIsUnused(raw) }
    pointee.shortfall &-= 1
    guard pointee.shortfall != 0 else { return heapSlabIsPartial(raw) }
    return .ok
  }
}

/// A sparse slab has gathered enough slots.
/// - Parameter run: the `PageRun` of a slab that the thread's heap owns.
@c(slm_core_heap_slab_is_partial)
@inline(never)
@usableFromInline
func heapSlabIsPartial(_ run: UnsafeMutableRawPointer) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  run.bin.updateList(of: run)
  return .opaqueOK
}

/// The last used slot of a slab that is not current was freed.
/// - Parameter run: the `PageRun` of a slab that the thread's heap owns.
@c(slm_core_heap_slab_is_unused)
@inline(never)
@usableFromInline
func heapSlabIsUnused(_ run: UnsafeMutableRawPointer) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  let bin = run.bin
  bin.discard(run)
  // Last: it may give back another slab.
  bin.pointee.heap.tick()
  return .opaqueOK
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Puts a used slot on the stack, which has room.
  @inline(__always) func makeReady(_ slot: ReadySlot) -> Status {
    let top = pointee.top
    slot.mark.pointee = Mark.free
    Self.ready(at: top).pointee = slot
    pointee.top = top &+ UInt(MemoryLayout<ReadySlot>.stride)
    slot.run.pointee.used &-= 1
    guard slot.run.pointee.used != 0 else { return heapSlabIsUnused(slot.run.raw) }
    return .ok
  }

  /// Gives back a slab of which nothing is used. It stays if a slot of it is freed remotely all the same: that is a
  /// double free, which is found when the slab is collected.
  func discard(_ slab: RunPointer) {
    unlist(slab)
    guard slab.pass(from: pointee.heap, to: .noSlab) else { return updateList(of: slab) }
    if slab.pointee.available != UInt32(slab.pointee.slotCount) { dropReady(of: slab) }
    pointee.heap.pool.destroy(slab, of: self)
  }

  /// Takes a slab's slots off the stack, since its memory goes. The newest ones take their places.
  func dropReady(of run: RunPointer) {
    let size = UInt(MemoryLayout<ReadySlot>.stride)
    var top = pointee.top
    var next = top
    let first = pointee.bottom + size
    while next != first {
      next -= size
      if Self.ready(at: next).pointee.run != run { continue }
      top -= size
      Self.ready(at: next).pointee = Self.ready(at: top).pointee
    }
    pointee.top = top
  }
}
