import Synchronization

#if SLM_ASSERT
  extension UnsafeMutablePointer where Pointee == Segment {
    /// Runs tile the segment, each page leads to its run, no two free neighbours could be one, and free runs are in
    /// their lists.
    func violation(_ sums: inout RunSums) -> StaticString? {
      if (pointee.limit - pointee.base) >> PageRun.pageShift > pointee.capacity { return "a segment's limit" }
      var address = pointee.base
      let (dirtyBefore, cleanBefore) = (sums.dirtyRuns, sums.cleanRuns)
      var before: RunPointer?
      while address < pointee.limit {
        let run = descriptor(address)
        if let text = run.tilingViolation(address, self) ?? run.add(to: &sums) { return text }
        if run.pointee.kind == .free, let before, before.pointee.kind == .free,
          before.pointee.isClean == run.pointee.isClean
        {
          return "two free neighbours are not merged"
        }
        before = run
        address = run.endAddress
      }
      return pointee.dirty.violation(isClean: false, runs: sums.dirtyRuns - dirtyBefore)
        ?? pointee.clean.violation(isClean: true, runs: sums.cleanRuns - cleanBefore)
    }
  }

  extension UnsafeMutablePointer where Pointee == PageRun {
    fileprivate func tilingViolation(_ address: UInt, _ segment: SegmentPointer) -> StaticString? {
      if pointee.start != address { return "a run's start" }
      if pointee.pages == 0 || endAddress > segment.pointee.limit { return "a run's pages" }
      if pointee.lead != self { return "a run's first page leads elsewhere" }
      if pointee.kind == .free, last.pointee.lead != self { return "a free run's last page leads elsewhere" }
      if pointee.isLone { return "a lone run in a segment" }
      if pointee.kind != .slab, !isNoSlab { return "a run is taken for a slab" }
      // A busy run may be a free one that is being purged.
      if pointee.kind == .busy { return nil }
      for page in 1..<Int(pointee.pages) {
        let inner = self + page
        if !inner.isNoSlab, inner.pointee.kind != .unused { return "an inner page is taken for a slab" }
        // A free run is found from its ends alone.
        let isFree = inner.pointee.kind == .free || inner.pointee.kind == .unused
        let lead = pointee.kind != .free || inner == last ? self : inner
        if inner.pointee.lead != lead || pointee.kind == .free && !isFree { return "an inner page leads elsewhere" }
      }
      return nil
    }

    /// No thread takes it for a slab of its own, or of nobody. A remote free may be counted in it for a moment.
    private var isNoSlab: Bool {
      let word = pointee.owner.load(ordering: .acquiring)
      return word & (1 << 48 - 1) == PageRun.noSlab && pointee.reciprocal == 0
        || pointee.kind != .slab && word & (1 << 48 - 1) == PageRun.noSlab
    }

    func add(to sums: inout RunSums) -> StaticString? {
      switch pointee.kind {
      case .slab:
        sums.slabs[Int(pointee.binIndex & 63)] += 1
        sums.slabBytes += bytes
      case .large:
        sums.largeLive += 1
        sums.largeBytes += bytes
        let size = LargeObject(self).size
        if size == 0 || size > bytes { return "a large object's size" }
      case .metadata:
        sums.metadataPages += UInt(pointee.pages)
        if !MetadataPage(self).isFull { sums.metadataRuns += 1 }
        return MetadataPage(self).violation
      case .kept: sums.keptRuns += 1
      case .busy: sums.busyBytes += bytes
      case .free: if pointee.isClean { sums.cleanRuns += 1 } else { sums.dirtyRuns += 1 }
      case .unused: return "a run of no kind"
      }
      return nil
    }
  }

  extension MetadataPage {
    fileprivate var violation: StaticString? {
      if blockSize == 0 || blockSize % Metadata.line != 0 { return "the size of metadata blocks" }
      if UInt(carvedBlocks) * blockSize > run.usableBytes { return "a metadata page's carved blocks" }
      var free: UInt32 = 0
      var next = firstFree
      while next != 0, free <= UInt32(carvedBlocks) {
        let offset = next &- run.pointee.start
        if offset >= UInt(carvedBlocks) * blockSize || offset % blockSize != 0 { return "a free metadata block" }
        free += 1
        next = MetadataPage.nextFree(next).pointee
      }
      return free + usedBlocks == UInt32(carvedBlocks) ? nil : "a metadata block is lost, or free twice"
    }
  }

  extension FreeRuns {
    /// So many runs are in the lists, each in the one of its size.
    fileprivate func violation(isClean: Bool, runs: UInt) -> StaticString? {
      var (count, sum): (UInt, UInt) = (0, 0)
      for index in 0..<lists.count {
        if (lists[index].first != nil) != (notEmpty >> UInt64(index) & 1 == 1) {
          return "the bits of lists that are not empty"
        }
        let text = lists[index].violation { run in
          count += 1
          sum += UInt(run.pointee.pages)
          if run.pointee.isClean != isClean || run.pointee.kind != .free {
            return "a run of another kind is in a free list"
          }
          return Self.list(UInt(run.pointee.pages)) == index ? nil : "a free run is in the list of another size"
        }
        if let text { return text }
      }
      if count != runs { return "a free run is in no list, or in two" }
      return sum == pages ? nil : "the pages of free runs"
    }
  }
#endif
