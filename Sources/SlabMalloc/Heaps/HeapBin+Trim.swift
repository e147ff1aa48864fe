extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Makes ready slots available, and gives back the current slab if all its slots are available or pending. Its memory
  /// is purged at once: the next slab is likely to get the same run, and would otherwise keep the memory.
  func trim() {
    let pool = pointee.heap.pool
    if !pool.isHardened {
      emptyStack()
      shrinkStack()
    }
    guard let slab = pointee.current, slab.slotsOut == UInt(pointee.pending.nonzeroBitCount) else { return }
    unlist(slab)
    guard slab.pass(from: pointee.heap, to: .noSlab) else { return updateList(of: slab) }
    pool.locked { pool.runs.purge(slab) }
    pool.destroy(slab, of: self, isClean: slab.pointee.isClean)
  }
}
