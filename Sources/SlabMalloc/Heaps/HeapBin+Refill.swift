import Synchronization

/// Refill: where a bin's next slots come from. Owner: only the thread of the bin's heap runs these.
extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Opens a word with available slots, when nothing is ready or pending, or collects remote frees, which are ready at
  /// once. False if the system has no more memory.
  ///
  /// The slots come, in this order, from the current slab, from remote frees, from a partial slab, from an orphan, from
  /// a new slab, and from a sparse slab.
  @inline(never) func refill() -> Bool {
    // First, since it may give back the current slab.
    pointee.heap.tick()
    // A handler that was called for a misuse just now may have allocated.
    if pointee.pending != 0 || hasReady { return true }
    growStackIfWanted()
    if let slab = pointee.current, slab.pointee.available > 0 {
      openWord(of: slab)
      return true
    }
    return refillFromNextSlab()
  }

  private func refillFromNextSlab() -> Bool {
    let heap = pointee.heap
    let isCollected = heap.collectRemote()
    // A handler that was called for a misuse just now may have allocated.
    if pointee.pending != 0 || hasReady { return true }
    if isCollected, let slab = pointee.current, slab.pointee.available > 0 {
      openWord(of: slab)
      return true
    }
    if let slab = pointee.current { giveUpFull(slab) }
    guard let next = pointee.partial.first ?? takeOrphan() ?? makeSlab() ?? firstAvailable() else {
      return pointee.pending != 0
    }
    if let slab = pointee.current, !replaces(slab, by: next) { return true }
    unlist(next)
    next.pointee.place = .current
    next.pointee.countdown = UInt32.max
    next.pointee.tally = IdleTally.unseen.bits
    next.bin = self
    if !next.isHardened { next.opener = heap.address }
    pointee.current = next
    openWord(of: next)
    return true
  }

  /// Opens a word of the current slab: its available slots become pending. None are pending before.
  private func openWord(of run: RunPointer) {
    let word = run.nextWord()
    let slots = run.pointee.words[word]
    run.pointee.words[word] = 0
    run.pointee.available &-= UInt32(truncatingIfNeeded: slots.nonzeroBitCount)
    pointee.pending = slots
    pointee.wordMarks = run.pointee.marks + word * 64
    pointee.wordStart = run.pointee.start &+ UInt(bitPattern: word) &* 64 &* pointee.slotSize
  }

  /// The current slab is full: no slot is available or ready, since an allocation took the last one.
  private func giveUpFull(_ slab: RunPointer) {
    unlist(slab)
    if pointee.heap.pointee.explicit != nil || !slab.pass(from: pointee.heap, to: .nobody) { updateList(of: slab) }
  }

  /// A handler of a soft limit, called just now, allocated from this bin. The slab that it left stays current if
  /// slots of it are pending. The other one is then listed.
  private func replaces(_ slab: RunPointer, by next: RunPointer) -> Bool {
    guard pointee.pending == 0 else {
      if next.pointee.place == .unlisted { updateList(of: next) }
      return false
    }
    closeCurrent(slab)
    return true
  }

  /// The last resort, after memory was refused: what has become free meanwhile, or a slab that is nearly full.
  private func firstAvailable() -> RunPointer? { pointee.partial.first ?? firstAvailableSparse() }

  func firstAvailableSparse() -> RunPointer? {
    var slab = pointee.sparse.first
    while let candidate = slab, candidate.pointee.available == 0 { slab = candidate.pointee.next }
    return slab
  }

  /// A slab that an ended thread has abandoned. A part takes one of its explicit heap.
  private func takeOrphan() -> RunPointer? {
    let heap = pointee.heap
    let orphan: RunPointer?
    if let explicit = heap.pointee.explicit {
      orphan = explicit.takeSlab(UInt(pointee.index), for: heap)
    } else {
      orphan = heap.pool.takeOrphan(Int(pointee.index), for: heap)
    }
    orphan?.bin = self
    return orphan
  }
}
