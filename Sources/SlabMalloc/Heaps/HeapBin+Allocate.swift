// Owner: only the thread of the bin's heap runs these.
extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Takes the newest ready slot.
  @inline(__always) func allocate() -> UnsafeMutableRawPointer? {
    let newest = newest
    guard newest.isSlot else { return UnsafeMutableRawPointer(bitPattern: heapAllocateFromWord(raw)) }
    return take(newest)
  }

  /// The newest ready slot, or the bottom of the stack if there is none.
  @inline(__always) var newest: UnsafeMutablePointer<ReadySlot> {
    Self.ready(at: pointee.top &- UInt(MemoryLayout<ReadySlot>.stride))
  }

  @inline(__always) func take(_ newest: UnsafeMutablePointer<ReadySlot>) -> UnsafeMutableRawPointer? {
    let ready = newest.pointee
    pointee.top = UInt(bitPattern: newest)
    ready.mark.pointee = Mark.used
    return UnsafeMutableRawPointer(bitPattern: ready.address)
  }

  /// Takes the first of the pending slots, of which there are some.
  @inline(__always) func claim(_ slots: UInt64) -> UInt {
    let index = UInt(truncatingIfNeeded: slots.trailingZeroBitCount)
    pointee.pending = slots & (slots &- 1)
    pointee.wordMarks[Int(bitPattern: index)] = Mark.used
    return pointee.wordStart &+ index &* pointee.slotSize
  }

  /// Takes any slot, and says whether its bytes are all 0.
  func allocateFresh(_ isFresh: inout Bool) -> UInt {
    if !isStackEmpty { return UInt(bitPattern: allocate()) }
    // A handler of a soft limit may have freed some, though there is no memory.
    guard pointee.pending != 0 || refill() || hasReady else { return noMemory() }
    let slots = pointee.pending
    guard slots != 0 else { return UInt(bitPattern: allocate()) }
    isFresh = pointee.wordMarks[slots.trailingZeroBitCount] == Mark.fresh
    return claim(slots)
  }
}

/// Nothing is ready: a pending slot will do.
/// - Parameter bin: a `HeapBin` of the thread's heap.
@c(slm_core_heap_allocate_from_word)
@inline(never)
@usableFromInline
func heapAllocateFromWord(_ bin: UnsafeMutableRawPointer) -> UInt {
  let bin = bin.assumingMemoryBound(to: HeapBin.self)
  let slots = bin.pointee.pending
  guard slots != 0 else { return heapAllocateByRefill(bin.raw) }
  return bin.claim(slots)
}

/// Nothing is pending either.
/// - Parameter bin: a `HeapBin` of the thread's heap.
@c(slm_core_heap_allocate_by_refill)
@inline(never)
@usableFromInline
func heapAllocateByRefill(_ bin: UnsafeMutableRawPointer) -> UInt {
  let bin = bin.assumingMemoryBound(to: HeapBin.self)
  guard bin.refill() else {
    // A handler of a soft limit may have freed some.
    return bin.isStackEmpty ? noMemory() : UInt(bitPattern: bin.allocate())
  }
  let slots = bin.pointee.pending
  return slots != 0 ? bin.claim(slots) : UInt(bitPattern: bin.allocate())
}
