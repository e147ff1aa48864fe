import Synchronization

/// Slabs with available slots that ended threads have abandoned, by size class. First in first out.
///
/// A thread that needs a slab adopts the oldest; a thread that frees a slot of an orphan adopts it too. The second one
/// does not take the lock before it owns the slab: a slab in these lists may therefore have an owner that is about to
/// take it out.
///
/// Lock: that of the run pool. The counts are read without it.
struct Orphans: ~Copyable {
  private(set) var lists: ClassArray<LinkedList<PageRun>>
  /// Slabs in each list.
  let counts: ClassArray<Atomic<UInt32>>

  mutating func initialize() {
    for index in 0..<Int(SizeClass.count) { lists[index] = LinkedList() }
  }

  mutating func add(_ slab: RunPointer) {
    let index = Int(slab.pointee.binIndex)
    slab.pointee.isOrphan = true
    lists[index].append(slab)
    counts[index].wrappingAdd(1, ordering: .relaxed)
  }

  mutating func remove(_ slab: RunPointer) {
    let index = Int(slab.pointee.binIndex)
    slab.pointee.isOrphan = false
    lists[index].remove(slab)
    counts[index].wrappingSubtract(1, ordering: .relaxed)
  }

  /// Makes a heap the owner of an orphan. nil if each has an owner already.
  mutating func take(_ index: Int, for heap: HeapPointer) -> RunPointer? {
    var candidate = lists[index].first
    while let slab = candidate {
      if slab.takeOver(heap) == nil {
        remove(slab)
        return slab
      }
      // Somebody freed a slot of it and adopted it, and is about to take it out of the list.
      candidate = slab.pointee.next
    }
    return nil
  }
}
