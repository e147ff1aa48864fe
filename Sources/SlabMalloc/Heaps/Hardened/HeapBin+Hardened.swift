import CSlabmalloc
import Synchronization

/// What a bin of a hardened heap does: slots at random, and a quarantine. See `Heap+Hardened`.
extension UnsafeMutablePointer where Pointee == HeapBin {
  @inline(__always) func allocateHardened() -> UInt {
    let slots = pointee.pending
    guard slots != 0 else { return heapAllocateHardenedFromNextWord(raw) }
    let address = claimRandom(slots)
    guard ZeroMemory.isClear(address, pointee.slotSize) else { return heapAllocateAfterWrite(raw, address) }
    let canary = Canary.place(address, pointee.slotSize)
    canary.pointee = pointee.heap.pointee.process.canary(canary)
    return address
  }

  /// Takes one of the pending slots: a random one, or the next one that there is.
  @inline(__always) private func claimRandom(_ slots: UInt64) -> UInt {
    let turn = random() & 63
    let turned = slots &>> turn | slots &<< (0 &- turn)
    let index = (UInt64(truncatingIfNeeded: turned.trailingZeroBitCount) &+ turn) & 63
    pointee.pending = slots & ~(1 &<< index)
    pointee.wordMarks[Int(truncatingIfNeeded: index)] = Mark.used
    unsafeBitCast(pointee.current, to: RunPointer.self).pointee.used &+= 1
    return pointee.wordStart &+ UInt(index) &* pointee.slotSize
  }

  /// Holds a slot back, and makes another one available if there are enough of them.
  @inline(__always) func quarantine(_ freed: ReadySlot) -> Status {
    let size = UInt(MemoryLayout<ReadySlot>.stride)
    let top = pointee.top
    guard top == pointee.limit else {
      Self.ready(at: top).pointee = freed
      pointee.top = top &+ size
      return .ok
    }
    let first = pointee.bottom &+ size
    let place = Self.ready(at: first) + Int(truncatingIfNeeded: random() & UInt64(pointee.quarantineMask))
    let other = place.pointee
    place.pointee = freed
    return letGo(other)
  }

  /// Makes all slots in quarantine available.
  func endQuarantine() {
    while !isStackEmpty {
      pointee.top -= UInt(MemoryLayout<ReadySlot>.stride)
      _ = letGo(Self.ready(at: pointee.top).pointee)
    }
  }

  /// Its slab may be nobody's by now, or another heap's: then the free is a remote one.
  @inline(__always) private func letGo(_ slot: ReadySlot) -> Status {
    let index = UInt(bitPattern: slot.mark - slot.run.pointee.marks)
    guard slot.run.isOwned(by: pointee.heap) else { return letGoRemotely(slot, index) }
    return slot.run.giveBack(index)
  }

  @inline(never) private func letGoRemotely(_ slot: ReadySlot, _ index: UInt) -> Status {
    slot.run.atomicMark(index).pointee.store(Mark.remote, ordering: .releasing)
    return pointee.heap.countRemoteFree(slot.address, slot.run, index)
  }

  /// A random number. It was there already: the next one is made from it, for which nobody has to wait.
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
@c(slm_core_heap_allocate_hardened_from_next_word)
@inline(never)
@usableFromInline
func heapAllocateHardenedFromNextWord(_ bin: UnsafeMutableRawPointer) -> UInt {
  let bin = bin.assumingMemoryBound(to: HeapBin.self)
  guard bin.advance() else { return noMemory() }
  return bin.allocateHardened()
}

/// A free slot was written to. Whoever did may do so again: nobody gets it.
@c(slm_core_heap_allocate_after_write)
@inline(never)
@usableFromInline
func heapAllocateAfterWrite(_ bin: UnsafeMutableRawPointer, _ address: UInt) -> UInt {
  let bin = bin.assumingMemoryBound(to: HeapBin.self)
  _ = bin.pointee.heap.process.report(address, Status.writeAfterFree)
  return bin.allocateHardened()
}
