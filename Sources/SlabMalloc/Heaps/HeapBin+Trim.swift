extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Gives back the current slab if nothing of it is used. Its memory is purged at once: the next slab is likely to get
  /// the same run, and would otherwise keep the memory.
  func trim() {
    guard let slab = pointee.current, slab.pointee.used == 1 else { return }
    unlist(slab)
    guard slab.pass(from: pointee.heap, to: .noSlab) else { return updateList(of: slab) }
    dropReady(of: slab)
    let pool = pointee.heap.pool
    let (start, bytes) = (slab.pointee.start, slab.bytes)
    let isPurged = pool.runs.pointee.system.purge(at: start, bytes)
    if isPurged { pool.locked { pool.runs.pointee.counts.purged += bytes } }
    pool.destroy(slab, of: self, isClean: isPurged)
  }
}
