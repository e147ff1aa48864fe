import CSlabPort
import Synchronization

/// Parts of an explicit heap: made when a thread first allocates, and what becomes of those that ended threads left.
///
///     no part ── first allocation ──> part ── the thread ends ──> vacant ──> the part of a thread with that slot
///                                                                   ├──────> of a thread that has no part
///                                                                   └──────> gives slabs to other parts
extension UnsafeMutablePointer where Pointee == ExplicitHeap {
  /// Runs the body with the part of the calling thread. Runs `withoutPart` if there is no memory for one, or if too
  /// many threads have a slot.
  @inline(__always) func withPart(orElse withoutPart: () -> UInt, _ body: (HeapPointer) -> UInt) -> UInt {
    if let part { return body(part) }
    return withNewPart(withoutPart, body)
  }

  private func withNewPart(_ withoutPart: () -> UInt, _ body: (HeapPointer) -> UInt) -> UInt {
    guard isInitialized else { return noMemory() }
    let own = ThreadSlots.own
    guard own == ThreadSlots.nobodys else { return usePart(of: own, withoutPart, body) }
    // A thread that is about to end borrows a slot for each call.
    let isBorrowed = slm_port_thread_heap() == slm_port_exited_heap_address()
    let slot = isBorrowed ? ThreadSlots.take() : ThreadSlots.obtain()
    guard slot != ThreadSlots.nobodys else { return withoutPart() }
    let result = usePart(of: slot, withoutPart, body)
    if isBorrowed { ThreadSlots.giveBack(slot) }
    return result
  }

  private func usePart(of slot: UInt, _ withoutPart: () -> UInt, _ body: (HeapPointer) -> UInt) -> UInt {
    guard let part = makePart(of: slot) else { return withoutPart() }
    return body(part)
  }

  /// The part of a slot that the calling thread has taken: a vacant one, or a new one. nil if there is no memory for
  /// one. Takes the lock.
  func makePart(of slot: UInt) -> HeapPointer? {
    if let part = pool.locked({ part(of: slot) ?? takeVacant(slot) }) { return part }
    guard let part = pool.locked({ takePartBlock() }) else { return nil }
    part.enlist(of: self)
    pool.locked {
      part.pointee.nextHeap = pointee.parts
      pointee.parts = part
      pointee.partCount.wrappingAdd(1, ordering: .relaxed)
      setPart(part, of: slot)
    }
    return part
  }

  private func takeVacant(_ slot: UInt) -> HeapPointer? {
    guard let part = claimVacant(after: nil) else { return nil }
    let before = part.pointee.slot
    setPart(nil, of: before)
    setPart(part, of: slot)
    ThreadSlots.giveBack(before)
    return part
  }

  private func takePartBlock() -> HeapPointer? {
    guard pointee.hasFirstPart else {
      pointee.hasFirstPart = true
      return firstPart
    }
    return pool.takeBlock()
  }

  /// Takes the slot of the next vacant part in the list, which the caller uses from then on as if it were its own.
  /// Requires: the lock of the run pool.
  private func claimVacant(after last: HeapPointer?) -> HeapPointer? {
    pool.assertLocked()
    var next = last.map { $0.pointee.nextHeap } ?? pointee.parts
    while let part = next {
      if ThreadSlots.tryTake(part.pointee.slot) { return part }
      next = part.pointee.nextHeap
    }
    return nil
  }

  /// Runs the body with each vacant part, until it returns false. Takes the lock.
  private func forEachVacant(_ body: (HeapPointer) -> Bool) {
    guard pointee.partCount.load(ordering: .relaxed) > 1 else { return }
    var last: HeapPointer?
    while let part = pool.locked({ claimVacant(after: last) }) {
      last = part
      let goesOn = body(part)
      ThreadSlots.giveBack(part.pointee.slot)
      guard goesOn else { return }
    }
  }

  /// A slab with available slots that a vacant part has, in no list: now it is this part's.
  func takeSlab(_ index: UInt, for heap: HeapPointer) -> RunPointer? {
    var found: RunPointer?
    forEachVacant { part in
      _ = part.collectRemote()
      found = part.bin(index).giveSlab(to: heap)
      return found == nil
    }
    return found
  }

  /// Collects what was freed in vacant parts, and gives back their slabs without used slots.
  func trimVacant() {
    // Not while a part that is trimmed looks at the clock.
    guard pointee.isTrimming.exchange(1, ordering: .acquiring) == 0 else { return }
    forEachVacant { part in
      _ = part.collectRemote()
      if pool.isHardened { part.evictAll() }
      part.trim()
      return true
    }
    if let source = pool.runs.pointee.source { pool.locked { _ = pool.runs.releaseFreeSegments(to: source) } }
    pointee.isTrimming.store(0, ordering: .releasing)
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Makes another heap the owner of a slab of this bin that has available slots. The slab is in no list.
  fileprivate func giveSlab(to heap: HeapPointer) -> RunPointer? {
    emptyStack()
    if let slab = pointee.current { closeCurrent(slab) }
    guard let slab = pointee.partial.first ?? firstAvailableSparse() else { return nil }
    unlist(slab)
    guard slab.pass(from: pointee.heap, to: .heap(heap)) else {
      updateList(of: slab)
      return nil
    }
    return slab
  }
}
