/// The runs of slabs.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// A busy run for a slab of so many pages.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeSlabRun(_ pages: UInt, of index: UInt8) -> RunPointer? {
    assertLocked()
    guard isHardened else { return runs.takeRun(pages) }
    if UInt(index) == SizeClass.empty { return takeEmptyRun(pages) }
    return runs.takeKeptSlab(pages + 1) ?? runs.takeGuardedRun(pages)
  }

  /// Requires: the lock of the run pool.
  func countSlab(_ slab: RunPointer, of index: UInt8) {
    assertLocked()
    pointee.slabCounts[Int(index)] += 1
    count(slabBytes: Int(slab.bytes))
  }

  /// Gives back a slab that nobody uses or owns any more. Takes the lock.
  func destroy(_ slab: RunPointer, of bin: HeapBinPointer, isClean: Bool = false) {
    // The stamp of the run, for the look at what is due too, and without the lock. A hardened one is kept.
    let now = isHardened ? nil : runs.pointee.system.stamp
    runs.acquire()
    slab.vacate()
    runs.freeMetadata(UInt(bitPattern: slab.pointee.marks), lines: HeapBin.metadataLines(UInt(slab.pointee.slotCount)))
    pointee.slabCounts[Int(bin.pointee.index)] -= 1
    count(slabBytes: -Int(slab.bytes))
    bin.pointee.heap.pointee.explicit?.uncharge(slab.bytes)
    if isHardened { freeHardened(slab, isClean: isClean) } else { runs.free(slab, isClean: isClean, stamp: now) }
    runs.release()
    runs.purgeIfDue(now)
  }
}
