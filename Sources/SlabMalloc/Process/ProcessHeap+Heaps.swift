import CSlabPort

/// Heaps: made, taken by threads, and given back.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// A heap that nobody has. nil if the system has no more memory.
  func takeHeap(isExplicit: Bool = false) -> HeapPointer? {
    guard let heap = locked({ takeHeapLocked(isExplicit) }) else { return nil }
    heap.enlist(isExplicit: isExplicit)
    return heap
  }

  private func takeHeapLocked(_ isExplicit: Bool) -> HeapPointer? {
    if !isExplicit, let idle = pointee.idleHeaps {
      pointee.idleHeaps = idle.pointee.nextHeap
      pointee.counts.heaps += 1
      return idle
    }
    if let idle = pointee.destroyedHeaps {
      pointee.destroyedHeaps = idle.pointee.nextHeap
      pointee.counts.heaps += 1
      return idle
    }
    guard let block = takeMetadata(lines: Metadata.lines(HeapState.size)) else { return nil }
    let heap = HeapPointer(bitPattern: block).unsafelyUnwrapped
    heap.initialize(self)
    pointee.counts.heaps += 1
    return heap
  }

  /// Takes a thread's heap back. Whoever takes it next finds what it still owns.
  func giveBack(_ heap: HeapPointer) {
    heap.leaveSlabs()
    heap.retire()
    locked {
      heap.pointee.nextHeap = pointee.idleHeaps
      pointee.idleHeaps = heap
      pointee.counts.heaps -= 1
    }
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
    return live
  }
}
