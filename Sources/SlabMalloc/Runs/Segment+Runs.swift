import Synchronization

/// The runs of a segment: taken, cut, freed, merged.
///
/// Requires: the lock of the run pool, for all of these.
extension UnsafeMutablePointer where Pointee == Segment {
  /// A busy run of so many pages. Dirty runs come first, because their memory is already there.
  func take(_ pages: UInt) -> RunPointer? {
    if let run = pointee.dirty.find(pages) {
      pointee.dirty.remove(run)
      return cut(run, pages)
    }
    guard let run = pointee.clean.find(pages) else { return nil }
    pointee.clean.remove(run)
    return cut(run, pages)
  }

  /// Cuts a run that is in no list to so many pages; the rest becomes free. Cost: a step for each page taken.
  func cut(_ run: RunPointer, _ pages: UInt) -> RunPointer {
    let all = UInt(run.pointee.pages)
    let (start, isClean, stamp) = (run.pointee.start, run.pointee.isClean, FreeRun(run).stamp)
    run.set(.busy, start: start, pages: pages)
    run.pointee.isClean = isClean
    FreeRun(run).stamp = stamp
    guard pages < all else { return run }
    let rest = descriptor(start + pages << PageRun.pageShift)
    rest.setFirst(start: start + pages << PageRun.pageShift, pages: all - pages)
    rest.pointee.isClean = isClean
    FreeRun(rest).stamp = stamp
    add(rest)
    return run
  }

  /// Makes a used run free. Cost: a step for each page.
  func free(_ run: RunPointer) {
    run.disband()
    add(run)
  }

  /// Makes a run free whose pages lead to themselves, and merges it with neighbours that are as clean.
  func add(_ given: RunPointer) {
    var run = given
    let isClean = run.pointee.isClean
    var stamp = FreeRun(run).stamp
    run.pointee.kind = .free
    run.pointee.reciprocal = 0
    if let after = neighbour(run.endAddress, isClean) {
      remove(after)
      stamp = min(stamp, FreeRun(after).stamp)
      run.last.pointee.lead = run.last
      run.pointee.pages += after.pointee.pages
    }
    if run.pointee.start > pointee.base, let before = neighbour(run.pointee.start - 1, isClean) {
      remove(before)
      stamp = min(stamp, FreeRun(before).stamp)
      before.last.pointee.lead = before.last
      before.pointee.pages += run.pointee.pages
      run = before
    }
    run.last.pointee.lead = run
    // A clean run keeps its own stamp, which shows only that its first page was used.
    if !isClean { FreeRun(run).stamp = stamp }
    if isClean { pointee.clean.add(run) } else { pointee.dirty.add(run) }
  }

  /// The free run around an address, if it can be merged with one that is as clean.
  private func neighbour(_ address: UInt, _ isClean: Bool) -> RunPointer? {
    guard contains(address) else { return nil }
    let run = run(address)
    return run.pointee.kind == .free && run.pointee.isClean == isClean ? run : nil
  }

  /// Takes a free run out of its list.
  func remove(_ run: RunPointer) {
    if run.pointee.isClean { pointee.clean.remove(run) } else { pointee.dirty.remove(run) }
  }

  /// The run that is the whole segment, if it is free.
  var onlyFreeRun: RunPointer? {
    guard pointee.limit > pointee.base else { return nil }
    let run = run(pointee.base)
    return run.pointee.kind == .free && run.bytes == pointee.limit - pointee.base ? run : nil
  }

  /// Extends a run by the pages right behind it, if they are free.
  func extend(_ run: RunPointer, by pages: UInt) -> Bool {
    guard contains(run.endAddress) else { return false }
    let after = self.run(run.endAddress)
    guard after.pointee.kind == .free, UInt(after.pointee.pages) >= pages else { return false }
    remove(after)
    _ = cut(after, pages)
    let size = run.pointee.pages + UInt32(pages)
    run.setInner(from: run.pointee.pages, to: size)
    run.pointee.pages = size
    return true
  }
}
