import Synchronization

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// In a build with assertions: stops if an invariant of what heaps share does not hold. Looks each 16th time, since a
  /// look walks over all pages. Takes the lock.
  @inline(__always) func checkInvariants() {
    #if SLM_ASSERT
      checkNowAndThen()
    #endif
  }
}

#if SLM_ASSERT
  extension UnsafeMutablePointer where Pointee == HeapPool {
    @inline(never) private func checkNowAndThen() {
      locked {
        pointee.checkTurn &+= 1
        if pointee.checkTurn & 15 == 0, let text = violation() { Violation(text, at: UInt(bitPattern: self)).report() }
      }
    }

    /// The first invariant of the pools that does not hold, as text.
    /// Requires: the lock of the run pool.
    func violation() -> StaticString? {
      assertLocked()
      var sums = RunSums()
      if let text = runs.violation(&sums) { return text }
      if pointee.counts.slabs != sums.slabBytes { return "counts.slabs" }
      if pointee.counts.large != sums.largeBytes { return "counts.large" }
      if pointee.counts.largeLive != sums.largeLive { return "counts.largeLive" }
      if pointee.counts.peak < sums.slabBytes + sums.largeBytes { return "counts.peak" }
      for index in 0..<Int(SizeClass.count) where pointee.slabCounts[index] != sums.slabs[index] {
        return "the number of slabs of a class"
      }
      return orphanViolation() ?? heapViolation(pointee.idleHeaps)
    }

    private func orphanViolation() -> StaticString? {
      for index in 0..<Int(SizeClass.count) {
        var count: UInt32 = 0
        let text = pointee.orphans.lists[index].violation { slab in
          count += 1
          if slab.pointee.kind != .slab || !slab.pointee.isOrphan { return "an orphan is none" }
          return Int(slab.pointee.binIndex) == index ? nil : "an orphan is in the list of another class"
        }
        if let text { return text }
        if pointee.orphans.counts[index].load(ordering: .relaxed) != count { return "the number of orphans" }
      }
      return nil
    }

    private func heapViolation(_ first: HeapPointer?) -> StaticString? {
      var next = first
      while let heap = next {
        if heap.isInitialized { return "a heap that nobody has serves" }
        if heap.pool != self { return "a heap of another pool" }
        next = heap.pointee.nextHeap
      }
      return nil
    }
  }
#endif
