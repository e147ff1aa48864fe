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

  /// A new slab, all of whose slots are available.
  private func makeSlab() -> RunPointer? {
    guard let explicit = pointee.heap.pointee.explicit else { return makeCountedSlab() }
    // A hardened slab ends with a guard.
    let bytes = (UInt(pointee.pages) + (explicit.pool.isHardened ? 1 : 0)) << PageRun.pageShift
    guard explicit.charge(bytes) else { return nil }
    let slab = makeCountedSlab()
    _ = explicit.settle(bytes, slab == nil ? 0 : bytes)
    return slab
  }

  private func makeCountedSlab() -> RunPointer? {
    let pool = pointee.heap.pool
    return pool.locked {
      guard let block = pool.runs.takeMetadata(lines: metadataLines) else { return nil }
      guard let slab = pool.takeSlabRun(UInt(pointee.pages), of: pointee.index) else {
        pool.runs.freeMetadata(block, lines: metadataLines)
        return nil
      }
      carve(slab, block)
      pool.countSlab(slab, of: pointee.index)
      return slab
    }
  }

  private func carve(_ slab: RunPointer, _ block: UInt) {
    let count = UInt(pointee.slotCount)
    let marks = UnsafeMutablePointer<UInt8>(bitPattern: block).unsafelyUnwrapped
    let markBytes = Self.markLines(count) * Metadata.line
    marks.initialize(repeating: slab.pointee.isClean ? Mark.fresh : Mark.free, count: Int(count))
    (marks + Int(count)).initialize(repeating: Mark.none, count: Int(markBytes - count))
    let words = UnsafeMutablePointer<UInt64>(bitPattern: block + markBytes).unsafelyUnwrapped
    for word in 0..<(count + 63) / 64 { words[Int(word)] = lowBits(count - word * 64) }
    let isHardened = pointee.heap.pool.isHardened
    slab.pointee.marks = marks
    slab.pointee.words = words
    slab.bin = self
    slab.pointee.available = UInt32(count)
    slab.pointee.slotSize = UInt32(SizeClass.slotSize(UInt(pointee.index)))
    slab.pointee.slotCount = pointee.slotCount
    slab.pointee.binIndex = pointee.index
    slab.pointee.place = .unlisted
    slab.pointee.cursor = isHardened ? UInt8(truncatingIfNeeded: random(below: (count + 63) / 64)) : 0
    slab.canaryKey =
      isHardened ? Canary.key(pointee.heap.pool.pointee.secret, of: slab.pointee.start ^ UInt(random())) : 0
    slab.pointee.isOrphan = false
    slab.hasShrunk = false
    slab.publish(.slab, reciprocal: isHardened ? 0 : pointee.reciprocal)
    slab.pointee.owner.store(pointee.heap.address, ordering: .releasing)
  }
}
