import CSlabmalloc
import Synchronization

/// A bin of a hardened heap: random slots, and a quarantine. See `HeapState+Hardened`.
extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Takes a slot for an object of a size, of this bin's class.
  @inline(__always) func allocateHardened(_ size: UInt) -> UInt {
    let slots = pointee.pending
    guard slots != 0 else { return heapAllocateHardenedByRefill(raw, size) }
    let address = claimRandom(slots)
    guard ZeroMemory.isClear(address, pointee.slotSize) else { return heapAllocateAfterWrite(raw, address, size) }
    unsafeBitCast(pointee.current, to: RunPointer.self).setCanary(address, pointee.slotSize, objectSize: size)
    return address
  }

  /// Takes one of the pending slots: a random one, or the next behind it.
  @inline(__always) func claimRandom(_ slots: UInt64) -> UInt {
    let turn = random() & 63
    let turned = slots &>> turn | slots &<< (0 &- turn)
    let index = (UInt64(truncatingIfNeeded: turned.trailingZeroBitCount) &+ turn) & 63
    pointee.pending = slots & ~(1 &<< index)
    pointee.wordMarks[Int(truncatingIfNeeded: index)] = Mark.used
    return pointee.wordStart &+ UInt(index) &* pointee.slotSize
  }

  /// Puts a freed slot into quarantine. If the quarantine is full, a random slot is evicted.
  @inline(__always) func quarantine(_ freed: ReadySlot) -> Status {
    let size = UInt(MemoryLayout<ReadySlot>.stride)
    let top = pointee.top
    guard top == pointee.limit else {
      Self.ready(at: top).pointee = freed
      pointee.top = top &+ size
      return .ok
    }
    guard pointee.stackState != 0 else { return quarantineInLonger(freed) }
    return exchange(freed, for: random() & UInt64(pointee.stackState))
  }

  /// The quarantine grows, see HeapBin+Stack. Without memory for that it stays a short one.
  @inline(never) private func quarantineInLonger(_ freed: ReadySlot) -> Status {
    guard growStack() else { return exchange(freed, for: random() & UInt64(HeapBin.shortStack &- 1)) }
    return quarantine(freed)
  }

  /// Evicts an entry of the full quarantine, whose place the slot takes.
  @inline(__always) private func exchange(_ freed: ReadySlot, for index: UInt64) -> Status {
    let first = pointee.bottom &+ UInt(MemoryLayout<ReadySlot>.stride)
    let entry = Self.ready(at: first) + Int(truncatingIfNeeded: index)
    let other = entry.pointee
    entry.pointee = freed
    return evict(other)
  }

  /// Evicts all slots from quarantine.
  func evictAll() {
    while !isStackEmpty {
      pointee.top -= UInt(MemoryLayout<ReadySlot>.stride)
      _ = evict(Self.ready(at: pointee.top).pointee)
    }
  }

  /// Makes a slot available. Its slab may be nobody's by now, or another heap's: the free is then a remote one.
  @inline(__always) private func evict(_ slot: ReadySlot) -> Status {
    // A slot that is out keeps its slab, and so its run.
    let run = pointee.heap.pool.runs.run(around: slot.address).unsafelyUnwrapped
    let index = UInt(bitPattern: slot.mark - run.pointee.marks)
    guard run.isOwned(by: pointee.heap) else { return evictRemotely(slot, run, index) }
    return run.returnSlot(index)
  }

  @inline(never) private func evictRemotely(_ slot: ReadySlot, _ run: RunPointer, _ index: UInt) -> Status {
    run.atomicMark(index).pointee.store(Mark.remote, ordering: .releasing)
    return pointee.heap.countRemoteFree(slot.address, run, index)
  }

  /// A random number. It was made in advance, and the next one is made now: nothing waits for the multiplications.
  @inline(__always) func random() -> UInt64 {
    let random = pointee.random
    var next = SplitMix(state: random)
    pointee.random = next.next()
    return random
  }

  /// Below a limit.
  @inline(__always) func random(below limit: UInt) -> UInt {
    UInt(truncatingIfNeeded: random().multipliedFullWidth(by: UInt64(limit)).high)
  }
}

/// No slot is pending.
/// - Parameter bin: a `HeapBin` of the thread's heap.
@c(slm_core_heap_allocate_hardened_by_refill)
@inline(never)
@usableFromInline
func heapAllocateHardenedByRefill(_ bin: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let bin = bin.assumingMemoryBound(to: HeapBin.self)
  guard bin.refill() else { return noMemory() }
  return bin.allocateHardened(size)
}

/// A free slot was written to. The writer may do so again: the slot is retired. The address comes second, since the bin
/// is in the first register already.
/// - Parameter bin: a `HeapBin` of the thread's heap.
@c(slm_core_heap_allocate_after_write)
@inline(never)
@usableFromInline
func heapAllocateAfterWrite(_ bin: UnsafeMutableRawPointer, _ address: UInt, _ size: UInt) -> UInt {
  let bin = bin.assumingMemoryBound(to: HeapBin.self)
  if let slab = bin.pointee.current { slab.mark(slab.slot(ofAny: address).index).pointee = Mark.retired }
  _ = bin.pointee.heap.pool.report(address, .writeAfterFree)
  return bin.allocateHardened(size)
}
