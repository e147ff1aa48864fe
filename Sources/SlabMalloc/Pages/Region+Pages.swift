/// Pages in and out. The cost grows with the logarithm of a range's size, and with the number of ranges.
extension UnsafeMutablePointer where Pointee == Region {
  /// Takes a page; nil if none of that size is left.
  func take(_ page: PageSize) -> UInt? {
    guard page.isLarge || page == pointee.page, let (range, index) = Build.isSmall ? lowestPage() : place(page) else {
      return nil
    }
    mark(
      range, index, page.isLarge ? pagesPerBlock : 1, free: false, isLarge: page.isLarge,
      isFresh: !page.isLarge)
    pointee.ledger.take(page)
    return range.address(index, pointee.page)
  }

  /// Where a page goes: into the range with the most broken block, or with the shortest stretch of whole ones.
  private func place(_ page: PageSize) -> (MemoryRangePointer, UInt)? {
    var best: MemoryRangePointer?
    var bestScore = UInt.max
    var next = pointee.ranges
    while let range = next {
      let root = range.free.pointee.root
      // Less 1, as 0 is the worst score.
      let score = (page.isLarge ? RunGoal.whole.score(root) : root.pointee.marks.fewest) &- 1
      if score < bestScore { (best, bestScore) = (range, score) }
      next = range.pointee.next
    }
    guard let range = best else { return nil }
    return (range, page.isLarge ? range.free.findRun(.whole) : range.free.findPage())
  }

  private func lowestPage() -> (MemoryRangePointer, UInt)? {
    var next = pointee.ranges
    while let range = next {
      if let index = range.free.lowestPage() { return (range, index) }
      next = range.pointee.next
    }
    return nil
  }

  /// Takes back a page. Ignores an address that is no page taken from the region, because there is nobody to report to;
  /// returns whether it was one.
  @discardableResult func giveBack(_ address: UInt, _ page: PageSize) -> Bool {
    let pages = page.isLarge ? pagesPerBlock : 1
    guard page.isLarge || page == pointee.page, address & page.mask == 0,
      giveBack(address, pages, asLarge: page.isLarge)
    else { return false }
    pointee.ledger.giveBack(page)
    return true
  }

  /// Takes back pages if all of them were taken in this way.
  @inline(__always) func giveBack(_ address: UInt, _ pages: UInt, asLarge: Bool) -> Bool {
    guard let range = range(of: address, pages) else { return false }
    let index = range.index(address, pointee.page)
    guard range.free.areTaken(index, pages, asLarge: asLarge) else { return false }
    mark(range, index, pages, free: true, isFresh: true)
    return true
  }

  /// The range that has all of these pages.
  func range(of address: UInt, _ pages: UInt) -> MemoryRangePointer? {
    var candidate = pointee.ranges
    while let range = candidate, !range.holds(address, pages, pointee.page) { candidate = range.pointee.next }
    return candidate
  }

  /// Marks pages as free or taken, and counts them.
  func mark(
    _ range: MemoryRangePointer, _ index: UInt, _ pages: UInt, free: Bool, isLarge: Bool = false, isFresh: Bool = false
  ) {
    let whole = range.free.mark(index, pages, free: free, isLarge: isLarge, isFresh: isFresh)
    pointee.wholeBlocks &+= UInt(bitPattern: whole)
    if free { pointee.freePages &+= pages } else { pointee.freePages &-= pages }
  }

  /// The number of pages of a size that could be taken now.
  func available(_ page: PageSize) -> UInt {
    page.isLarge ? pointee.wholeBlocks : page == pointee.page ? pointee.freePages : 0
  }

  @inline(__always) var pagesPerBlock: UInt { PageSize.large.size &>> UInt(pointee.page.shift) }
}
