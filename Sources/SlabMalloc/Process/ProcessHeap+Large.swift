import CSlabmalloc

/// Large objects: page runs of their own, above the largest size class.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// The start of a run, 0 if the system has no more memory, and whether its bytes are all 0.
  func allocateLarge(_ size: UInt, alignment: UInt, for heap: HeapPointer?) -> (start: UInt, isClean: Bool) {
    let osPage = UInt(pointee.system.pageSize)
    // Rounding up must not wrap.
    guard size <= UInt(Int.max) - PageSize.large.size, alignment <= UInt(Int.max) / 4 else {
      return (noMemory(), false)
    }
    let bytes = roundUp(max(size, 1), to: osPage)
    let pages = pages(bytes)
    let spare = alignment > PageRun.pageSize ? (alignment >> PageRun.pageShift) - 1 : 0
    acquire()
    // Of a giant nobody sets a descriptor for each page.
    guard pages + spare < 1 << 31,
      var run = pages + spare < PageRun.giantPages ? takeRun(pages + spare) : takeLoneRun(pages + spare)
    else {
      release()
      return (noMemory(), false)
    }
    if spare > 0 { run = align(run, alignment, pages) }
    if isHardened, !open(run, bytes) {
      addFree(run, isClean: run.pointee.isClean)
      release()
      return (noMemory(), false)
    }
    let isClean = run.pointee.isClean
    run.pointee.size = bytes
    run.pointee.kind = .large
    if let heap {
      run.bin = heap.bin(0)
      run.pointee.place = .partial
      heap.pointee.large.append(run)
    }
    pointee.counts.largeLive += 1
    count(largeBytes: Int(run.bytes))
    let start = run.pointee.start
    release()
    guard isHardened, !isClean else { return (start, isClean) }
    ZeroMemory.clear(start, bytes)
    return (start, true)
  }

  /// Pages of a run for so many bytes.
  func pages(_ bytes: UInt) -> UInt { roundUp(bytes, to: PageRun.pageSize) >> PageRun.pageShift + (isHardened ? 1 : 0) }

  /// Cuts a run so that it starts at a multiple of the alignment. What is over of a lone run stays with it.
  private func align(_ run: RunPointer, _ alignment: UInt, _ pages: UInt) -> RunPointer {
    guard let reserve = reserve(around: run.pointee.start) else { return run }
    let (first, all, isClean) = (run.pointee.start, UInt(run.pointee.pages), run.pointee.isClean)
    let stamp = run.pointee.stamp
    let start = roundUp(first, to: alignment)
    let before = (start - first) >> PageRun.pageShift
    if before == 0 { return cut(run, pages, reserve) }
    let aligned = reserve.descriptor(start)
    if reserve.pointee.isLone {
      aligned.setFirst(start: start, pages: all - before)
      aligned.pointee.isClean = isClean
      run.pointee.pages = UInt32(before)
      reserve.pointee.loneRun = aligned
      return aligned
    }
    aligned.set(.busy, start: start, pages: all - before)
    run.set(.busy, start: first, pages: before)
    aligned.pointee.isClean = isClean
    run.pointee.isClean = isClean
    aligned.pointee.stamp = stamp
    run.pointee.stamp = stamp
    putBack(run, reserve)
    return cut(aligned, pages, reserve)
  }

  private func cut(_ run: RunPointer, _ pages: UInt, _ reserve: SegmentPointer) -> RunPointer {
    let rest = UInt(run.pointee.pages) - pages
    guard rest > 0, !reserve.pointee.isLone else { return run }
    if !run.pointee.isClean { dirtyBytes += rest << PageRun.pageShift }
    // The rest's pages lead to the run.
    run.disband()
    return reserve.cut(run, pages)
  }

  /// A run that was taken but isn't used goes back as it was.
  private func putBack(_ run: RunPointer, _ reserve: SegmentPointer) {
    if !run.pointee.isClean { dirtyBytes += run.bytes }
    reserve.release(run)
  }

  func deallocateLarge(_ address: UInt) -> Status {
    acquire()
    guard let reserve = reserve(around: address), case let run = reserve.run(address), run.pointee.kind == .large,
      run.pointee.start == address
    else {
      release()
      return report(address)
    }
    removeLarge(run)
    // What is unmapped at once needn't be closed.
    if isHardened, !reserve.pointee.isLone || UInt(run.pointee.pages) <= KeptRuns.largestPages {
      release()
      close(run)
      acquire()
      quarantine(run)
    } else {
      addFree(run)
    }
    release()
    purgeIfDue()
    return .ok
  }

  /// A large run becomes a busy one. The lock is held.
  private func removeLarge(_ run: RunPointer) {
    if run.pointee.place == .partial {
      run.bin.pointee.heap.pointee.large.remove(run)
      run.pointee.place = .full
    }
    run.leave()
    pointee.counts.largeLive -= 1
    count(largeBytes: -Int(run.bytes))
  }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  func allocateLarge(_ size: UInt, alignment: UInt) -> (start: UInt, isClean: Bool) {
    pointee.process.allocateLarge(size, alignment: alignment, for: pointee.isExplicit ? self : nil)
  }
}
