/// The huge pages of a segment: what the system was told of each, and what is in them.
///
/// Requires: the lock of the run pool, for all of these.
extension UnsafeMutablePointer where Pointee == Segment {
  /// What the system was told of the huge page around an address.
  func told(_ address: UInt) -> HugePages.Told {
    let (byte, shift) = entry(address)
    return HugePages.Told(rawValue: byte.pointee >> shift & 3) ?? .nothing
  }

  /// Notes what the system was told of a range of huge pages. Returns how many more borders there are.
  func note(_ told: HugePages.Told, _ range: Range<UInt>) -> Int {
    let before = borders(range)
    var next = range.lowerBound
    while next < range.upperBound {
      let (byte, shift) = entry(next)
      byte.pointee = byte.pointee & ~(3 << shift) | told.rawValue << shift
      next += HugePages.size
    }
    return borders(range) - before
  }

  /// From the first to the last advised huge page of those that overlap a range. Empty if there is none.
  func advised(in range: Range<UInt>) -> Range<UInt> {
    var (first, last) = (HugePages.start(range.lowerBound), HugePages.end(range.upperBound))
    while first < last, told(first) != .advised { first += HugePages.size }
    while first < last, told(last - 1) != .advised { last -= HugePages.size }
    return first..<last
  }

  /// Places that tell how dense the slabs below an address are: huge pages that were not advised, with a slab at their
  /// start, a few and far apart. 0 where there is none.
  func samples(below end: UInt) -> InlineArray<4, UInt> {
    var samples = InlineArray<4, UInt>(repeating: 0)
    let count = (end - pointee.base) / HugePages.size
    for index in samples.indices {
      var page = count * UInt(2 * index + 1) / 8
      for _ in 0..<64 where page < count {
        let start = pointee.base + page * HugePages.size
        if told(start) != .advised, run(start).pointee.kind == .slab {
          samples[index] = start
          break
        }
        page &-= 1
      }
    }
    return samples
  }

  /// Whether three quarters of the huge page before an address, or more, are slabs of small objects.
  func isOfSmallSlabs(before end: UInt) -> Bool {
    guard end > pointee.base else { return false }
    var (small, address): (UInt, UInt) = (0, end - HugePages.size)
    while address < end {
      let run = run(address)
      if run.pointee.kind == .slab, UInt(run.pointee.pages) <= HugePages.smallRun { small += 1 }
      address += PageRun.pageSize
    }
    return small >= HugePages.pages - HugePages.pages / 4
  }

  /// Whether a few free pages are all that an advised huge page has besides used ones.
  func isDense(around few: Range<UInt>) -> Bool {
    guard told(few.lowerBound) == .advised,
      few.upperBound - few.lowerBound <= HugePages.sparedPages << PageRun.pageShift
    else { return false }
    let start = HugePages.start(few.lowerBound)
    var free: UInt = 0
    for page in 0..<HugePages.pages where free <= HugePages.sparedPages {
      let address = start + page << PageRun.pageShift
      if few.contains(address) || !contains(address) || !isUsed(address) { free += 1 }
    }
    return free <= HugePages.sparedPages
  }

  /// The end of a busy clean run, or of the free clean run behind it: so far nobody has touched anything.
  func cleanEnd(behind run: RunPointer) -> UInt {
    let end = run.endAddress
    guard contains(end) else { return end }
    let after = self.run(end)
    return after.pointee.kind == .free && after.pointee.isClean ? after.endAddress : end
  }

  /// Makes what is clean and free around a busy run busy, as far as it lies in a range. The pages of these runs lead to
  /// themselves.
  func takeClean(around run: RunPointer, in range: Range<UInt>) -> LinkedList<PageRun> {
    var taken = LinkedList<PageRun>()
    // The pages within a free run don't lead to it: only its first and its last page do.
    var end = run.endAddress
    while end < range.upperBound, contains(end) {
      let after = self.run(end)
      end = after.endAddress
      guard takeClean(after) else { continue }
      if end > range.upperBound {
        _ = cut(after, (range.upperBound - after.pointee.start) >> PageRun.pageShift)
        after.disband()
      }
      taken.append(after)
    }
    var start = run.pointee.start
    while start > range.lowerBound {
      let before = self.run(start - 1)
      start = before.pointee.start
      guard takeClean(before) else { continue }
      taken.append(start < range.lowerBound ? cutFront(before, range.lowerBound) : before)
    }
    return taken
  }

  /// Cuts a busy run at an address. What lies before it becomes free again, and what is left is returned.
  private func cutFront(_ run: RunPointer, _ address: UInt) -> RunPointer {
    let front = cut(run, (address - run.pointee.start) >> PageRun.pageShift)
    let rest = self.run(address)
    _ = takeClean(rest)
    free(front)
    return rest
  }

  private func takeClean(_ run: RunPointer) -> Bool {
    guard run.pointee.kind == .free, run.pointee.isClean else { return false }
    remove(run)
    run.pointee.kind = .busy
    return true
  }

  private func isUsed(_ page: UInt) -> Bool {
    switch run(page).pointee.kind {
    case .unused, .free: false
    case .kept, .busy, .slab, .large, .metadata: true
    }
  }

  /// The byte of the map that has the huge page around an address, and where in it the two bits are.
  private func entry(_ address: UInt) -> (byte: UnsafeMutablePointer<UInt8>, shift: UInt8) {
    let index = (address - pointee.base) / HugePages.size
    let byte = UnsafeMutablePointer<UInt8>(bitPattern: pointee.hugeMap + index / 4)
    return (byte.unsafelyUnwrapped, UInt8(index % 4 * 2))
  }

  /// Borders between neighbours, from the one before a range to the one behind it.
  private func borders(_ range: Range<UInt>) -> Int {
    var (borders, next) = (0, max(range.lowerBound, pointee.base + HugePages.size))
    while next <= range.upperBound {
      if told(next) != told(next - HugePages.size) { borders += 1 }
      next += HugePages.size
    }
    return borders
  }
}
