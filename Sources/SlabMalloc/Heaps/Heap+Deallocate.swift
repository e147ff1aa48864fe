import CSlabmalloc
import Synchronization

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Frees an object; this is the heap of the thread.
  @inline(__always) func deallocate(_ address: UInt, _ process: ProcessHeapPointer) -> Status {
    let offset = address &- process.base
    guard offset < process.extent else { return heapDeallocateElsewhere(address, raw) }
    let run = RunPointer.at(process.table &+ PageRun.descriptorOffset(offset)).pointee.lead
    // Only this thread makes a slab this heap's, or no longer.
    guard run.isOwned(by: self) else { return heapDeallocateElsewhere(address, raw) }
    return deallocate(address, run)
  }

  /// Frees a slot of a slab that this heap owns.
  @inline(__always) func deallocate(_ address: UInt, _ run: RunPointer) -> Status {
    let (index, isStart) = run.slot(at: address)
    guard isStart else { return heapRefuse(address, run.raw) }
    let mark = run.mark(index)
    guard mark.pointee == Mark.used else { return heapRefuse(address, run.raw) }
    let bin = run.pointee.bin
    let top = bin.pointee.top
    guard top != bin.pointee.limit else { return heapDeallocateToWord(run.raw, index) }
    mark.pointee = Mark.free
    HeapBinPointer.ready(at: top).pointee = ReadySlot(address: address, run: run, mark: mark)
    bin.pointee.top = top &+ UInt(MemoryLayout<ReadySlot>.stride)
    run.pointee.used &-= 1
    guard run.pointee.used != 0 else { return heapSlabIsUnused(run.raw) }
    return .ok
  }
}

/// The stack is full: the slot becomes available in its slab.
@c(slm_core_heap_deallocate_to_word)
@inline(never)
@usableFromInline
func heapDeallocateToWord(_ run: UnsafeMutableRawPointer, _ index: UInt) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  run.mark(index).pointee = Mark.free
  return run.giveBack(index)
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// A used slot becomes an available one.
  @inline(__always) func giveBack(_ index: UInt) -> Status {
    makeAvailable(index)
    pointee.used &-= 1
    guard pointee.used != 0 else { return heapSlabIsUnused(raw) }
    pointee.shortfall &-= 1
    guard pointee.shortfall != 0 else { return heapSlabIsPartial(raw) }
    return .ok
  }
}

/// A sparse slab has gathered slots.
@c(slm_core_heap_slab_is_partial)
@inline(never)
@usableFromInline
func heapSlabIsPartial(_ run: UnsafeMutableRawPointer) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  run.bin.place(run)
  return .opaqueOK
}

/// The last used slot of a slab that is not current was freed.
@c(slm_core_heap_slab_is_unused)
@inline(never)
@usableFromInline
func heapSlabIsUnused(_ run: UnsafeMutableRawPointer) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  let bin = run.bin
  bin.discard(run)
  // Last: it may give the slab back.
  bin.pointee.heap.tick()
  return .opaqueOK
}

/// NULL, an object of another heap or in another reserve, a large one, or none at all.
@c(slm_core_heap_deallocate_elsewhere)
@inline(never)
@usableFromInline
func heapDeallocateElsewhere(_ address: UInt, _ heap: UnsafeMutableRawPointer) -> Status {
  guard address != 0 else { return .ok }
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard heap.isInitialized || !TracePointer.shared.isOn else { return heap.deallocateTraced(address) }
  return heap.deallocateElsewhere(address)
}

extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) func deallocateElsewhere(_ address: UInt) -> Status {
    let process = process
    guard let run = process.run(around: address) else { return process.report(address) }
    switch run.pointee.kind {
    case .slab:
      if run.currentOwner.alone == self.address { return deallocate(address, run) }
      return deallocateRemotely(address, run)
    case .large:
      let status = process.deallocateLarge(address)
      if isInitialized { tick() }
      return status
    case .unused, .free, .kept, .busy, .metadata: return process.report(address)
    }
  }
}

/// The pointer into a slab of this thread's failed a check, or the slab is a hardened one.
@c(slm_core_heap_refuse)
@inline(never)
@usableFromInline
func heapRefuse(_ address: UInt, _ run: UnsafeMutableRawPointer) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  guard run.isHardened else { return run.bin.pointee.heap.pointee.process.report(address) }
  return run.deallocateHardened(address)
}
