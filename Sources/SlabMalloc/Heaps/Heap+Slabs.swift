import Synchronization

/// Where a bin's next slots come from, and where its slabs go.
extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Makes a word with an available slot the one allocated from, when nothing is ready. False if the system has no more memory.
  @inline(never) func advance() -> Bool {
    // First, as it may give back the current slab.
    pointee.heap.tick()
    if let slab = pointee.current, slab.pointee.available > 0 {
      serve(slab)
      return true
    }
    return advanceToNextSlab()
  }

  private func advanceToNextSlab() -> Bool {
    let heap = pointee.heap
    let isCollected = heap.collectRemote()
    // A handler that was told of a misuse just now may have allocated.
    if pointee.pending != 0 { return true }
    if isCollected, let slab = pointee.current, slab.pointee.available > 0 {
      serve(slab)
      return true
    }
    if let slab = pointee.current { leave(slab) }
    guard let next = pointee.partial.first ?? takeOrphan() ?? makeSlab() ?? firstAvailableSparse() else { return false }
    unlist(next)
    next.pointee.place = .current
    next.pointee.used &+= 1
    next.pointee.shortfall = UInt32.max
    pointee.current = next
    serve(next)
    return true
  }

  /// The current slab has no slot left: neither available nor ready, as an allocation took the last.
  private func leave(_ slab: RunPointer) {
    unlist(slab)
    if pointee.heap.pointee.isExplicit || !slab.pass(from: pointee.heap, to: .nobody) { place(slab) }
  }

  /// The last resort: a slab that is nearly full.
  private func firstAvailableSparse() -> RunPointer? {
    var slab = pointee.sparse.first
    while let candidate = slab, candidate.pointee.available == 0 { slab = candidate.pointee.next }
    return slab
  }

  /// A slab that an ended thread has left.
  private func takeOrphan() -> RunPointer? {
    let process = pointee.heap.pointee.process
    let index = Int(pointee.index)
    guard !pointee.heap.pointee.isExplicit, process.orphanCount(index).pointee.load(ordering: .relaxed) > 0 else {
      return nil
    }
    guard let slab = process.locked({ process.takeOrphan(index, for: pointee.heap) }) else { return nil }
    slab.bin = self
    return slab
  }

  /// A new slab, all of whose slots are available.
  private func makeSlab() -> RunPointer? {
    let process = pointee.heap.pointee.process
    process.acquire()
    defer { process.release() }
    guard let block = process.takeMetadata(lines: metadataLines) else { return nil }
    guard let slab = process.takeKeptSlab(UInt(pointee.pages) + 1) ?? process.takeGuardedRun(UInt(pointee.pages)) else {
      process.giveBackMetadata(block, lines: metadataLines)
      return nil
    }
    carve(slab, block)
    process.pointee.slabs[Int(pointee.index)] += 1
    process.count(slabBytes: Int(slab.bytes))
    return slab
  }

  private func carve(_ slab: RunPointer, _ block: UInt) {
    let process = pointee.heap.pointee.process
    let count = UInt(pointee.slotCount)
    let marks = UnsafeMutablePointer<UInt8>(bitPattern: block).unsafelyUnwrapped
    let markBytes = Self.markLines(count) * Metadata.line
    marks.initialize(repeating: slab.pointee.isClean ? Mark.fresh : Mark.free, count: Int(count))
    (marks + Int(count)).initialize(repeating: Mark.none, count: Int(markBytes - count))
    let words = UnsafeMutablePointer<UInt64>(bitPattern: block + markBytes).unsafelyUnwrapped
    for word in 0..<(count + 63) / 64 { words[Int(word)] = lowBits(count - word * 64) }
    slab.pointee.marks = marks
    slab.pointee.words = words
    slab.bin = self
    slab.pointee.used = 0
    slab.pointee.available = UInt32(count)
    slab.pointee.slotSize = UInt32(pointee.slotSize)
    slab.pointee.slotCount = pointee.slotCount
    slab.pointee.binIndex = pointee.index
    slab.pointee.place = .full
    slab.pointee.cursor =
      process.isHardened ? UInt8(truncatingIfNeeded: random(below: (count + 63) / 64)) : 0
    slab.pointee.size = 0
    slab.pointee.isOrphan = false
    slab.pointee.reciprocal = process.isHardened ? 0 : pointee.reciprocal
    slab.pointee.kind = .slab
    slab.owner.pointee.store(pointee.heap.address, ordering: .releasing)
  }

  /// Gives back a slab of which nothing is used. It stays if a slot of it is freed remotely even so:
  /// a double free, to be found when it is collected.
  func discard(_ slab: RunPointer) {
    unlist(slab)
    guard slab.pass(from: pointee.heap, to: .noSlab) else { return place(slab) }
    if slab.pointee.available != UInt32(slab.pointee.slotCount) { dropReady(of: slab) }
    destroy(slab)
  }

  /// Gives back a slab that nobody uses any more.
  func destroy(_ slab: RunPointer, isClean: Bool = false) {
    let process = pointee.heap.pointee.process
    process.acquire()
    slab.leave()
    process.giveBackMetadata(UInt(bitPattern: slab.pointee.marks), lines: metadataLines)
    process.pointee.slabs[Int(pointee.index)] -= 1
    process.count(slabBytes: -Int(slab.bytes))
    process.giveBack(slab: slab, isClean: isClean)
    process.release()
    process.purgeIfDue()
  }
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// Makes a heap the owner of an orphan. The lock is held, and so the slab can't go away meanwhile.
  func takeOrphan(_ index: Int, for heap: HeapPointer) -> RunPointer? {
    var candidate = pointee.orphans[index].first
    while let slab = candidate {
      if slab.takeOver(heap) == nil {
        unlistOrphan(slab)
        return slab
      }
      // Somebody has freed a slot of it and adopted it, and is about to take it out of the list.
      candidate = slab.pointee.next
    }
    return nil
  }

  /// Takes a slab out of the list of orphans, if it is in it, after becoming its owner.
  func removeOrphan(_ slab: RunPointer) {
    // Set before the slab lost its owner.
    guard slab.pointee.isOrphan else { return }
    locked { if slab.pointee.isOrphan { unlistOrphan(slab) } }
  }

  /// Leaves a partial slab to whoever needs one, or frees a slot of it. False if it stays the heap's, see `pass`.
  func addOrphan(_ slab: RunPointer, of heap: HeapPointer) -> Bool {
    locked {
      slab.pointee.isOrphan = true
      pointee.orphans[Int(slab.pointee.binIndex)].append(slab)
      orphanCount(Int(slab.pointee.binIndex)).pointee.wrappingAdd(1, ordering: .relaxed)
      // Who adopts it now waits for the lock before anything else.
      if slab.pass(from: heap, to: .nobody) { return true }
      unlistOrphan(slab)
      return false
    }
  }

  private func unlistOrphan(_ slab: RunPointer) {
    slab.pointee.isOrphan = false
    pointee.orphans[Int(slab.pointee.binIndex)].remove(slab)
    orphanCount(Int(slab.pointee.binIndex)).pointee.wrappingSubtract(1, ordering: .relaxed)
  }
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// The run of a slab that is nobody's any more. A free clears a hardened slot, and so the run is kept for the next slab, unless its
  /// memory went back already; but what a destroyed heap still had in use was not freed.
  fileprivate func giveBack(slab: RunPointer, isClean: Bool) {
    guard isHardened else { return addFree(slab, isClean: isClean) }
    if slab.pointee.used == 0, !isClean { return keep(slab: slab) }
    close(slab)
    addFree(slab, isClean: isClean)
  }
}
