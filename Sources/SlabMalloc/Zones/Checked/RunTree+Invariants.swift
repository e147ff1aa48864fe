#if SLM_ASSERT
  /// The invariants of a tree of runs, which hold while nobody changes it.
  ///
  ///     runs in `lower` lie below a run, runs in `upper` above it, and no two overlap
  ///     no child has a higher priority
  ///     count = runs in the tree
  ///
  /// The zone of the runs also checks that a run either has an object or is in the list of free ones.
  extension UnsafeMutablePointer where Pointee == ObjectRun {
    /// The first broken invariant of a subtree, whose runs lie from `low` to `high`; nil if all hold.
    func violation(from low: UInt, to high: UInt, _ sums: inout TreeSums) -> Violation? {
      let (start, bytes) = (pointee.start, pointee.bytes)
      guard start != 0, bytes != 0, start >= low, start < high, bytes <= high - start else {
        return Violation("a run is out of order", at: start)
      }
      sums.count(self)
      guard isAbove(pointee.lower), isAbove(pointee.upper) else {
        return Violation("a run has a higher priority than its parent", at: start)
      }
      return pointee.lower?.violation(from: low, to: start, &sums)
        ?? pointee.upper?.violation(from: start + bytes, to: high, &sums)
    }

    private func isAbove(_ child: ObjectRunPointer?) -> Bool {
      guard let child else { return true }
      return DirectoryView.hash(child.pointee.start) <= DirectoryView.hash(pointee.start)
    }
  }

  /// What a tree of runs holds.
  struct TreeSums {
    var runs: UInt = 0
    /// Runs whose descriptor lies in a page of cells.
    var pulled: UInt = 0
    /// Runs without an object.
    var free: UInt = 0
    var bytes: UInt = 0

    mutating func count(_ run: ObjectRunPointer) {
      runs += 1
      if !run.isPushed { pulled += 1 }
      if !run.isLive { free += 1 }
      bytes += run.pointee.bytes
    }
  }
#endif
