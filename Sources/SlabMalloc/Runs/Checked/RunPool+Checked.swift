#if SLM_ASSERT
  /// What a walk over the segments found: runs and bytes by kind.
  struct RunSums {
    var slabs: ClassCounts
    var slabBytes: UInt = 0
    var largeBytes: UInt = 0
    var largeLive: UInt = 0
    var metadataPages: UInt = 0
    var metadataRuns: UInt = 0
    var dirtyRuns: UInt = 0
    var cleanRuns: UInt = 0
    var keptRuns: UInt = 0
    var busyBytes: UInt = 0

    /// Slabs by size class. The classes are the heaps'; here they are numbers.
    typealias ClassCounts = InlineArray<64, UInt32>

    init() { slabs = ClassCounts(repeating: 0) }
  }

  extension UnsafeMutablePointer where Pointee == RunPool {
    /// The first invariant of the pool that does not hold, as text.
    /// Requires: the lock of the run pool.
    func violation(_ sums: inout RunSums) -> StaticString? {
      assertLocked()
      for index in 0..<pointee.segmentCount {
        guard let segment = pointee.segments[index] else { continue }
        if let text = segment.violation(&sums) { return text }
      }
      return loneViolation(&sums) ?? keptViolation(sums) ?? metadataViolation(sums) ?? countViolation(sums)
    }

    /// Lone runs are in the tree, in order, and none is free.
    private func loneViolation(_ sums: inout RunSums) -> StaticString? {
      var (end, bytes): (UInt, UInt) = (0, 0)
      while let run = pointee.lone.run(from: end) {
        if !run.pointee.isLone || run.pointee.lead != run { return "a lone run is none" }
        if run.pointee.kind != .large, run.pointee.kind != .busy, run.pointee.kind != .kept {
          return "a lone run of another kind"
        }
        if pointee.lone.run(around: run.pointee.start) != run || pointee.lone.run(around: run.endAddress - 1) != run {
          return "a lone run is not found"
        }
        if let text = run.add(to: &sums) { return text }
        bytes += run.bytes
        end = run.endAddress
      }
      return bytes == pointee.lone.bytes ? nil : "the bytes of lone runs"
    }

    /// Kept runs are in one list each, or in the quarantine.
    private func keptViolation(_ sums: RunSums) -> StaticString? {
      var (runs, dirty, clean): (UInt, UInt, UInt) = (0, 0, 0)
      for index in 0..<pointee.kept.slabs.count {
        let text = pointee.kept.slabs[index].violation { run in
          runs += 1
          dirty += UInt(run.pointee.pages)
          if run.pointee.kind != .kept { return "a run is in a list of kept ones, and not kept" }
          if run.pointee.isClean { return "a kept run of a slab is clean" }
          return UInt(run.pointee.pages) == 1 << index + 1 ? nil : "a kept run is in the list of another size"
        }
        if let text { return text }
      }
      for index in 0..<pointee.kept.large.count {
        guard let run = pointee.kept.large[index] else { continue }
        if run.pointee.kind != .kept { return "a run is in quarantine, and not kept" }
        runs += 1
        if run.pointee.isClean { clean += UInt(run.pointee.pages) } else { dirty += UInt(run.pointee.pages) }
      }
      for index in 0..<pointee.kept.lone.count {
        guard let run = pointee.kept.lone[index] else { continue }
        if run.pointee.kind != .kept || !run.pointee.isLone { return "a run is kept for large objects, and not kept" }
        if run.pointee.isClean { return "a kept lone run is clean" }
        runs += 1
        dirty += UInt(run.pointee.pages)
      }
      let text =
        pointee.kept.blocks.dirty.violation { run in
          runs += 1
          dirty += UInt(run.pointee.pages)
          return run.pointee.kind == .kept && !run.pointee.isClean ? nil : "a block does not rest with its memory"
        }
        ?? pointee.kept.blocks.clean.violation { run in
          runs += 1
          clean += UInt(run.pointee.pages)
          return run.pointee.kind == .kept && run.pointee.isClean ? nil : "a block does not rest without memory"
        }
      if let text { return text }
      if runs != sums.keptRuns { return "a kept run is in no list" }
      return dirty == pointee.kept.dirtyPages && clean == pointee.kept.cleanPages ? nil : "the counts of kept pages"
    }

    /// Each block of a metadata page is used, free, or was never carved, and each page with a free block is listed.
    private func metadataViolation(_ sums: RunSums) -> StaticString? {
      if pointee.metadata.pageCount != sums.metadataPages { return "metadata.pageCount" }
      var listed: UInt = 0
      for index in 0..<pointee.metadata.pages.count {
        let text = pointee.metadata.pages[index].violation { run in
          listed += 1
          let page = MetadataPage(run)
          if run.pointee.kind != .metadata { return "a metadata page is none" }
          if Metadata.list(page.blockSize / Metadata.line) != index {
            return "a metadata page is in the list of another size"
          }
          return page.isFull ? "a full metadata page is listed" : nil
        }
        if let text { return text }
      }
      return listed == sums.metadataRuns ? nil : "a metadata page with free blocks is not listed"
    }

    /// The equations of `RunPool`.
    private func countViolation(_ sums: RunSums) -> StaticString? {
      let pages = pages
      if dirtyBytes != pages.dirty { return "dirtyBytes" }
      let used = sums.slabBytes + sums.largeBytes + metadataBytes + sums.busyBytes
      if pages.held != used + pages.dirty + pages.clean { return "held is not the sum of what is held" }
      if pointee.counts.taken - pointee.counts.givenBack != pages.held {
        return "taken - given back is not what is held"
      }
      // What every deallocation reads is of the first segment, and nothing if there is none.
      guard extent > 0 else { return nil }
      guard let first = pointee.segments[0] else { return "extent of no segment" }
      let isPublished = base == first.pointee.base && table == first.pointee.table
      return isPublished && extent == first.pointee.limit - first.pointee.base ? nil : "base, extent or table"
    }
  }
#endif
