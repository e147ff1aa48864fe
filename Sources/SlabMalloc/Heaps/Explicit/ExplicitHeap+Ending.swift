/// Explicit heaps: made and destroyed. Each of these takes the lock.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// An explicit heap without parts and objects. nil if the system has no more memory.
  func makeHeap(soft: UInt = 0, hard: UInt = 0) -> ExplicitHeapPointer? {
    locked {
      guard let block = takeBlock() else { return nil }
      pointee.heapNumber &+= 1
      pointee.counts.heaps += 1
      let heap = block.explicitPlace
      heap.initialize(self, number: pointee.heapNumber, soft: soft, hard: hard)
      return heap
    }
  }
}

extension UnsafeMutablePointer where Pointee == ExplicitHeap {
  /// Frees all objects, those of all parts, and the heap. Returns how many objects there were; nil if this is no heap.
  /// No other thread may use the heap or its objects meanwhile.
  func destroy() -> UInt? {
    guard breakSeal() else { return nil }
    let pool = pool
    var live: UInt = 0
    var next = pointee.parts
    while let part = next {
      live += part.destroySlabs()
      part.retire()
      next = part.pointee.nextHeap
    }
    while let run = pool.locked({ pointee.large.first }) {
      live += 1
      _ = pool.deallocateLarge(run.pointee.start)
    }
    pool.locked {
      var next = pointee.parts
      while let part = next {
        next = part.pointee.nextHeap
        if part != firstPart { pool.runs.rest(part.address) }
      }
      pool.pointee.counts.heaps -= 1
      // Last: the heap is in this block.
      pool.runs.rest(firstPart.address)
    }
    pool.checkInvariants()
    // The pool is the heap's own.
    if let source = pool.runs.pointee.source { pool.runs.end(source) }
    return live
  }
}
