// Slots that return to their slab, and what the slab becomes. Owner: only the thread of the bin's heap runs these.

/// The stack is full, or the slab is drained: the slot becomes available, unless the bin has no stack yet. Run and
/// index come in the order in which the fast path computes them.
/// - Parameter run: the `PageRun` of a slab that the thread's heap owns.
@c(slm_core_heap_deallocate_to_word)
@inline(never)
@usableFromInline
func heapDeallocateToWord(_ run: UnsafeMutableRawPointer, _ index: UInt) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  guard run.bin.pointee.stackState != 0 else { return heapDeallocateToFirstStack(run.raw, index) }
  run.bin.pointee.stackState |= HeapBin.wasFull
  run.mark(index).pointee = Mark.free
  return run.returnSlot(index)
}

/// The bin's thread frees for the first time, see HeapBin+Stack.
/// - Parameter run: the `PageRun` of a slab that the thread's heap owns.
@c(slm_core_heap_deallocate_to_first_stack)
@inline(never)
@usableFromInline
func heapDeallocateToFirstStack(_ run: UnsafeMutableRawPointer, _ index: UInt) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  let bin = run.bin
  bin.growStack()
  let address = run.pointee.start + index * bin.pointee.slotSize
  return bin.makeReady(ReadySlot(address: address, mark: run.mark(index)))
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Makes a slot available that is out.
  @inline(__always) func returnSlot(_ index: UInt) -> Status {
    gather(index) ? heapSlabChanges(raw) : .ok
  }

  /// Makes a slot available that is out. Returns whether the slab's countdown ended.
  @inline(__always) fileprivate func gather(_ index: UInt) -> Bool {
    makeAvailable(index)
    pointee.countdown &-= 1
    return pointee.countdown == 0
  }
}

/// A slab has gathered enough slots for another list, half of its slots, or all of them.
/// - Parameter run: the `PageRun` of a slab that the thread's heap owns.
@c(slm_core_heap_slab_changes)
@inline(never)
@usableFromInline
func heapSlabChanges(_ run: UnsafeMutableRawPointer) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  let bin = run.classBin
  let hasLeft = bin.changeList(of: run)
  bin.shrinkStackIfIdle()
  // Last: it may give back another slab.
  if hasLeft { bin.pointee.heap.tick() }
  return .opaqueOK
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Puts a used slot on the stack, which has room.
  @inline(__always) func makeReady(_ slot: ReadySlot) -> Status {
    slot.mark.pointee = Mark.free
    push(slot)
    return .ok
  }

  @inline(__always) private func push(_ slot: ReadySlot) {
    let top = pointee.top
    Self.ready(at: top).pointee = slot
    pointee.top = top &+ UInt(MemoryLayout<ReadySlot>.stride)
  }

  /// Puts a slot on the stack that was freed remotely. False if there is no room.
  @inline(__always) func takeCollected(_ slot: ReadySlot) -> Bool {
    guard pointee.top != pointee.limit else {
      pointee.stackState |= HeapBin.wasFull
      return false
    }
    push(slot)
    return true
  }

  /// Makes ready slots available in their slabs.
  func emptyStack() {
    if pointee.heap.pool.isHardened { return evictAll() }
    let runs = pointee.heap.pool.runs
    while !isStackEmpty {
      pointee.top -= UInt(MemoryLayout<ReadySlot>.stride)
      let ready = Self.ready(at: pointee.top).pointee
      // A slot that is out keeps its slab, and so its run.
      let run = runs.run(around: ready.address).unsafelyUnwrapped
      if run.gather(UInt(ready.mark - run.pointee.marks)) { _ = changeList(of: run) }
    }
  }

  /// Gives back a slab all of whose slots are available. It stays if a slot of it is freed remotely all the same: that
  /// is a double free, which is found when the slab is collected.
  func discard(_ slab: RunPointer) {
    unlist(slab)
    guard slab.pass(from: pointee.heap, to: .noSlab) else { return updateList(of: slab) }
    pointee.heap.pool.destroy(slab, of: self)
  }
}
