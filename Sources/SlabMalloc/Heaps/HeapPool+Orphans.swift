import Synchronization

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Makes a heap the owner of an orphan of a class, if there is one. Takes the lock if it looks as if there were.
  func takeOrphan(_ index: Int, for heap: HeapPointer) -> RunPointer? {
    guard pointee.orphans.counts[index].load(ordering: .relaxed) > 0 else { return nil }
    // With the lock held, the slab can't go away meanwhile.
    return locked { pointee.orphans.take(index, for: heap) }
  }

  /// Takes a slab out of the orphans, if it is one, after a heap became its owner. Takes the lock.
  func removeOrphan(_ slab: RunPointer) {
    // Set before the slab lost its owner.
    guard slab.pointee.isOrphan else { return }
    locked { if slab.pointee.isOrphan { pointee.orphans.remove(slab) } }
  }

  /// Makes a partial slab an orphan. False if it stays the heap's, see `pass`. Takes the lock.
  func addOrphan(_ slab: RunPointer, of heap: HeapPointer) -> Bool {
    locked {
      pointee.orphans.add(slab)
      // A thread that adopts it now waits for the lock before anything else.
      if slab.pass(from: heap, to: .nobody) { return true }
      pointee.orphans.remove(slab)
      return false
    }
  }
}
