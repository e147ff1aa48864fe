import CSlabmalloc

/// Objects of size 0 in profile hardened: each has an address of its own, and nobody can touch it.
///
/// No other profile and no size has the class of 8 bytes, since every object is aligned to 16. A hardened heap has its
/// objects without bytes there: a slot of 8 bytes would be all canary. The slots stand 16 bytes apart, and the slab is
/// a run that is never committed:
///
///     run:   | address | address | ... 4096 of them ... | guard |          all of it faults
///              16 bytes
///     marks:  a byte for each, as for any slab: a double free is found
///
/// Random order and quarantine are those of any hardened bin. A slab costs address space and its metadata, 4.6 KB, but
/// no memory. An object of size 0 that needs a larger alignment than 16 is of another class, and has bytes.
extension SizeClass {
  static var empty: UInt { 0 }
  static var emptyStride: UInt { 16 }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Whether this hardened slab has objects without bytes.
  @inline(__always) var isOfEmptyObjects: Bool { UInt(pointee.binIndex) == SizeClass.empty }

  /// Bytes from a slot of this hardened slab to the next one. A run that another thread gives up may have slot size 0.
  @inline(__always) var slotDistance: UInt { isOfEmptyObjects ? SizeClass.emptyStride : max(UInt(pointee.slotSize), 1) }

  /// Frees a slot of this hardened slab, whose owner is the thread's heap, though the address is no start of a slot
  /// that has a reciprocal: an empty object, or misuse.
  @inline(never) func deallocateWithoutReciprocal(_ address: UInt) -> Status {
    let bin = bin
    let (index, isStart) = slot(ofAny: address)
    guard isOfEmptyObjects, isStart, index < UInt(pointee.slotCount), changeUsedMark(index, to: Mark.free) else {
      return bin.pointee.heap.pool.report(address)
    }
    return bin.quarantine(ReadySlot(address: address, mark: mark(index)))
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Takes a slot of the bin of empty objects, without a look at it.
  func allocateEmpty() -> UInt {
    guard pointee.pending != 0 || refill() else { return noMemory() }
    return claimRandom(pointee.pending)
  }
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// A busy run for a slab of empty objects, which stays out of reach. What it held before is purged.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeEmptyRun(_ pages: UInt) -> RunPointer? {
    assertLocked()
    guard let run = runs.takeRun(pages + 1) else { return nil }
    run.pointee.isGuarded = true
    if !run.pointee.isClean { runs.purge(run) }
    return run
  }
}
