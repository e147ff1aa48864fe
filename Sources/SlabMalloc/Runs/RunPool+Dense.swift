/// Huge pages and purging: a dense huge page is not split for a few pages, and what was purged is no longer advised.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Whether a busy dirty run, just taken to be purged, must not be: it is a few pages of a huge page that is otherwise
  /// in use. A run that begins or ends with such pages is cut there, and what is not to be purged now is freed.
  /// Requires: the lock of the run pool.
  func sparesDense(_ run: RunPointer) -> Bool {
    assertLocked()
    guard let segment = hugeSegment, segment.contains(run.pointee.start) else { return false }
    let (start, end) = (run.pointee.start, run.endAddress)
    let headEnd = min(end, HugePages.end(start + 1))
    if segment.isDense(around: start..<headEnd) {
      cutBusy(run, at: headEnd, segment)
      return true
    }
    let tail = HugePages.start(end - 1)
    if tail > start, segment.isDense(around: tail..<end) {
      // It is due again after the delay.
      FreeRun(run).stamp = pointee.system.stamp
      cutBusy(run, at: tail, segment)
    }
    return false
  }

  /// Whether a run lies in a huge page that was advised.
  /// Requires: the lock of the run pool.
  func isHuge(_ run: RunPointer) -> Bool {
    assertLocked()
    guard let segment = hugeSegment, segment.contains(run.pointee.start) else { return false }
    return !segment.advised(in: run.pointee.start..<run.endAddress).isEmpty
  }

  /// Takes back what was advised where a busy run was purged, in part of a huge page or as a whole. The clean free runs
  /// of a huge page that is split are purged, too. Nobody has touched them, but they are as resident as their
  /// neighbours.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func refusePurged(_ run: RunPointer) {
    assertLocked()
    guard let segment = hugeSegment else { return }
    if run.pointee.isLone {
      // Nothing notes what was advised of it, if anything was.
      guard pointee.huge.system != nil, pointee.options.hugePages != .always else { return }
      let start = HugePages.end(run.pointee.start)
      return tell(.refused, nil, start..<max(start, HugePages.start(run.endAddress)))
    }
    guard segment.contains(run.pointee.start) else { return }
    let advised = segment.advised(in: run.pointee.start..<run.endAddress)
    guard !advised.isEmpty else { return }
    tell(.refused, segment, advised)
    var clean = segment.takeClean(around: run, in: advised)
    release()
    var next = clean.first
    while let run = next {
      _ = pointee.system.purge(at: run.pointee.start, run.bytes)
      next = run.pointee.next
    }
    acquire()
    while let run = clean.removeFirst() { segment.add(run) }
  }

  /// Cuts a busy run that was free just now. The rest becomes free as it was.
  private func cutBusy(_ run: RunPointer, at address: UInt, _ segment: SegmentPointer) {
    guard address < run.endAddress else { return }
    dirtyBytes += run.endAddress - address
    _ = segment.cut(run, (address - run.pointee.start) >> PageRun.pageShift)
    // As of a free run, the pages lead to themselves, but for the last one.
    run.disband()
    run.last.pointee.lead = run
  }
}
