/// Heaps: made, taken, and taken back. Each of these takes the lock.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// A heap that nobody has. nil if the system has no more memory.
  func takeHeap(isExplicit: Bool = false) -> HeapPointer? {
    guard let heap = locked({ takeHeapLocked(isExplicit) }) else { return nil }
    heap.enlist(isExplicit: isExplicit)
    return heap
  }

  private func takeHeapLocked(_ isExplicit: Bool) -> HeapPointer? {
    // An explicit heap must have no slabs: destroying it counts what is live.
    if !isExplicit, let idle = pointee.idleHeaps {
      pointee.idleHeaps = idle.pointee.nextHeap
      pointee.counts.heaps += 1
      return idle
    }
    if let destroyed = pointee.destroyedHeaps {
      pointee.destroyedHeaps = destroyed.pointee.nextHeap
      pointee.counts.heaps += 1
      return destroyed
    }
    guard let block = runs.takeMetadata(lines: Metadata.lines(HeapState.size)) else { return nil }
    let heap = HeapPointer(bitPattern: block).unsafelyUnwrapped
    heap.initialize(self)
    pointee.counts.heaps += 1
    return heap
  }

  /// Takes a thread's heap back. The thread that takes it next finds the slabs that it still owns.
  func takeBack(_ heap: HeapPointer) {
    heap.abandonSlabs()
    heap.retire()
    locked {
      heap.pointee.nextHeap = pointee.idleHeaps
      pointee.idleHeaps = heap
      pointee.counts.heaps -= 1
    }
    checkInvariants()
  }

  /// Frees all objects of an explicit heap and takes it back. Returns how many there were.
  func destroy(_ heap: HeapPointer) -> UInt {
    let live = heap.destroySlabs()
    heap.retire()
    locked {
      heap.pointee.nextHeap = pointee.destroyedHeaps
      pointee.destroyedHeaps = heap
      pointee.counts.heaps -= 1
    }
    checkInvariants()
    return live
  }

  /// Gives back all memory that nobody uses, with a heap's idle slabs. Returns the bytes purged.
  func purgeAll(of heap: HeapPointer? = nil) -> UInt {
    let before = locked { runs.pointee.counts.purged }
    if let heap, heap.isInitialized {
      if isHardened { heap.evictAll() }
      heap.trim()
    }
    runs.purge(downTo: 0)
    checkInvariants()
    return locked { runs.pointee.counts.purged } - before
  }
}
