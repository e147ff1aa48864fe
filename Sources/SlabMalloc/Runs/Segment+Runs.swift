import Synchronization

/// Page runs: taken, split, given back, merged. The process's lock is held.
extension UnsafeMutablePointer where Pointee == Segment {
  /// A busy run of so many pages out of the free ones: a dirty one if there is one, for its memory is there.
  func take(_ pages: UInt) -> RunPointer? {
    if let run = pointee.dirty.find(pages) {
      pointee.dirty.remove(run)
      return cut(run, pages)
    }
    guard let run = pointee.clean.find(pages) else { return nil }
    pointee.clean.remove(run)
    return cut(run, pages)
  }

  /// Cuts a run that is in no list to so many pages; the rest is free. Costs a step for each page that is taken.
  func cut(_ run: RunPointer, _ pages: UInt) -> RunPointer {
    let all = UInt(run.pointee.pages)
    let (start, isClean, stamp) = (run.pointee.start, run.pointee.isClean, run.pointee.stamp)
    run.set(.busy, start: start, pages: pages)
    run.pointee.isClean = isClean
    run.pointee.stamp = stamp
    guard pages < all else { return run }
    let rest = descriptor(start + pages << PageRun.pageShift)
    rest.setFirst(start: start + pages << PageRun.pageShift, pages: all - pages)
    rest.pointee.isClean = isClean
    rest.pointee.stamp = stamp
    addFree(rest)
    return run
  }

  /// Makes a run that was used free. Costs a step for each page.
  func release(_ run: RunPointer) {
    run.disband()
    addFree(run)
  }

  /// Makes a run free whose pages lead to themselves, and merges it with neighbours that are as clean.
  func addFree(_ given: RunPointer) {
    var run = given
    let isClean = run.pointee.isClean
    var stamp = run.pointee.stamp
    run.pointee.kind = .free
    run.pointee.reciprocal = 0
    if let after = neighbour(run.endAddress, isClean) {
      remove(after)
      stamp = min(stamp, after.pointee.stamp)
      run.last.pointee.lead = run.last
      run.pointee.pages += after.pointee.pages
    }
    if run.pointee.start > pointee.base, let before = neighbour(run.pointee.start - 1, isClean) {
      remove(before)
      stamp = min(stamp, before.pointee.stamp)
      before.last.pointee.lead = before.last
      before.pointee.pages += run.pointee.pages
      run = before
    }
    run.last.pointee.lead = run
    // Of a clean run it would only say that its first page was used.
    if !isClean { run.pointee.stamp = stamp }
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

  /// The run that is all of the reserve, if it is free.
  var onlyFreeRun: RunPointer? {
    guard pointee.limit > pointee.base else { return nil }
    let run = run(pointee.base)
    return run.pointee.kind == .free && run.bytes == pointee.limit - pointee.base ? run : nil
  }

  /// Takes pages right behind a run, if they are free: the run has grown by them.
  func extend(_ run: RunPointer, by pages: UInt) -> Bool {
    guard contains(run.endAddress) else { return false }
    let after = self.run(run.endAddress)
    guard after.pointee.kind == .free, UInt(after.pointee.pages) >= pages else { return false }
    remove(after)
    _ = cut(after, pages)
    // The kind of what was there is no longer to be seen.
    let size = run.pointee.pages + UInt32(pages)
    run.setInner(from: run.pointee.pages, to: size)
    run.pointee.pages = size
    return true
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Makes a descriptor that of a run, and all that follow lead to it.
  func set(_ kind: PageRun.Kind, start: UInt, pages: UInt) {
    setFirst(start: start, pages: pages)
    pointee.kind = kind
    setInner(from: 1, to: UInt32(pages))
  }

  /// Makes descriptors of the run lead to it.
  func setInner(from: UInt32, to: UInt32) {
    var page = from
    while page < to {
      let inner = self + Int(page)
      inner.erase()
      inner.pointee.lead = self
      page += 1
    }
  }

  /// Makes a descriptor that of a run whose other pages lead to themselves, all but the last.
  func setFirst(start: UInt, pages: UInt) {
    erase()
    pointee.lead = self
    bin = .nobodys
    pointee.start = start
    pointee.kind = .busy
    pointee.pages = UInt32(pages)
  }

  /// The descriptor of the run's last page.
  fileprivate var last: RunPointer { self + Int(pointee.pages) - 1 }

  /// Makes each page of a run that was used lead to itself: inside a free run no page leads anywhere else, but for the last,
  /// which leads to the first. Who asks about a pointer into one finds the old slot size, and that no slot is left.
  func disband() {
    var page: UInt32 = 1
    while page < pointee.pages {
      let inner = self + Int(page)
      inner.pointee.lead = inner
      inner.bin = .nobodys
      inner.pointee.kind = .free
      inner.pointee.slotSize = pointee.slotSize
      inner.pointee.size = pointee.size
      page += 1
    }
  }

  /// Pages that were never used lead to themselves.
  func setUnused(pages: UInt) {
    for page in 0..<Int(pages) {
      (self + page).pointee.lead = self + page
      (self + page).bin = .nobodys
    }
  }

  /// As if the page had never been used. Not even for a moment is it a slab without owner.
  private func erase() {
    owner.pointee.store(Owner.noSlab.word, ordering: .relaxed)
    let words = raw.assumingMemoryBound(to: UInt.self)
    for index in 1..<PageRun.stride / MemoryLayout<UInt>.stride { words[index] = 0 }
  }
}
