/// Heaps: made, taken, and taken back. Each of these takes the lock.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// A heap that nobody has. nil if the system has no more memory.
  func takeHeap() -> HeapPointer? {
    locked {
      guard let heap = takeHeapLocked() else { return nil }
      heap.enlist()
      if pointee.isSampling { heap.startSampling() }
      return heap
    }
  }

  private func takeHeapLocked() -> HeapPointer? {
    let idle = pointee.idleHeaps
    guard let heap = idle ?? takeBlock() else { return nil }
    if let idle { pointee.idleHeaps = idle.pointee.nextHeap }
    pointee.counts.heaps += 1
    return heap
  }

  /// A heap without slabs: a part of an explicit heap must have none, since destroying it counts what is live.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeBlock() -> HeapPointer? {
    assertLocked()
    let rested = runs.takeResting()
    guard let block = rested?.block ?? runs.takeMetadata(lines: Metadata.lines(HeapState.size)) else { return nil }
    let heap = HeapPointer(bitPattern: block).unsafelyUnwrapped
    if rested?.isClean ?? true { heap.initialize(self) }
    return heap
  }

  /// Takes a thread's heap back. The thread that takes it next finds the slabs that it still owns.
  func takeBack(_ heap: HeapPointer) {
    heap.abandonSlabs()
    heap.retire()
    locked {
      pointee.counts.heaps -= 1
      // Others may be freeing slots of its slabs, and reach the heap by them alone.
      guard heap.hasSlabs else { return runs.rest(heap.address) }
      heap.pointee.nextHeap = pointee.idleHeaps
      pointee.idleHeaps = heap
    }
    checkInvariants()
  }

  /// Gives back all memory that nobody uses, with a heap's idle slabs. Returns the bytes purged.
  func purgeAll(of heap: HeapPointer? = nil) -> UInt {
    let before = locked { runs.pointee.counts.purged }
    if let heap, heap.isInitialized {
      if isHardened { heap.evictAll() }
      heap.trim()
      heap.purgeIdle()
    }
    runs.purge(downTo: 0)
    checkInvariants()
    return locked { runs.pointee.counts.purged } - before
  }
}
