/// Runs: any number of base pages in a row, aligned to a power of two. A run lies in one range.
///
/// A run that fits into a broken block is put there. Else it takes the lowest place where it fits. A run is as long as
/// it was asked for: nothing is rounded up to a power of two, and the rest of a stretch stays free.
extension UnsafeMutablePointer where Pointee == Region {
  /// Takes a run; nil if there is no place for it, or if the size or the alignment is not allowed.
  func takeRun(size: UInt, alignment: UInt) -> UInt? {
    guard let pages = pages(of: size), isPowerOfTwo(alignment), alignment >= pointee.page.size else { return nil }
    guard let (range, index) = place(pages, alignment) else { return nil }
    mark(range, index, pages, free: false)
    pointee.ledger.take(pages: pages)
    return range.address(index, pointee.page)
  }

  /// Takes back a run, or a part of one. Ignores what was not taken as pages of runs, and returns whether it was.
  @discardableResult func giveBackRun(_ address: UInt, size: UInt) -> Bool {
    guard let pages = pages(of: size), address & pointee.page.mask == 0, giveBack(address, pages, asLarge: false)
    else { return false }
    pointee.ledger.giveBack(pages: pages)
    return true
  }

  /// Whether all pages of a run were taken, as a large page or not.
  func isTaken(_ address: UInt, size: UInt, asLarge: Bool) -> Bool {
    guard let pages = pages(of: size), address & pointee.page.mask == 0, let range = range(of: address, pages),
      !asLarge || address & PageSize.large.mask == 0
    else { return false }
    return range.free.areTaken(range.index(address, pointee.page), pages, asLarge: asLarge)
  }

  /// Gives a run another size where it is: takes the pages behind it, or gives back its end. Returns whether it did.
  func resizeRun(_ address: UInt, from old: UInt, to new: UInt) -> Bool {
    guard let oldPages = pages(of: old), let newPages = pages(of: new), address & pointee.page.mask == 0,
      let range = range(of: address, max(oldPages, newPages))
    else { return false }
    let index = range.index(address, pointee.page)
    guard range.free.areTaken(index, oldPages) else { return false }
    if newPages < oldPages {
      mark(range, index &+ newPages, oldPages &- newPages, free: true)
      pointee.ledger.giveBack(pages: oldPages &- newPages)
    } else if newPages > oldPages {
      guard range.free.run(from: index &+ oldPages) >= newPages &- oldPages else { return false }
      mark(range, index &+ oldPages, newPages &- oldPages, free: false)
      pointee.ledger.take(pages: newPages &- oldPages)
    }
    return true
  }

  /// The number of base pages of a size; nil if it is not a multiple of them.
  private func pages(of size: UInt) -> UInt? {
    size == 0 || size & pointee.page.mask != 0 ? nil : size &>> UInt(pointee.page.shift)
  }
}

/// Where a run goes.
extension UnsafeMutablePointer where Pointee == Region {
  private func place(_ pages: UInt, _ alignment: UInt) -> (MemoryRangePointer, UInt)? {
    let step = alignment &>> UInt(pointee.page.shift)
    // The goal within blocks: an aligned run fits into an aligned stretch of a power of two.
    let least = max(step, pages)
    let order = UInt(UInt.bitWidth &- (least &- 1).leadingZeroBitCount)
    if least <= pagesPerBlock {
      let goal: RunGoal =
        step == 1 ? .inBroken(pages: pages, grade: FreeNode.Marks.grade(atLeast: pages)) : .aligned(order: order)
      if let place = find(goal) { return place }
      if step > 1, let place = find(.whole) { return place }
    }
    var next = pointee.ranges
    while let range = next {
      if let index = lowestPlace(range, pages, step) { return (range, index) }
      next = range.pointee.next
    }
    return nil
  }

  private func find(_ goal: RunGoal) -> (MemoryRangePointer, UInt)? {
    var next = pointee.ranges
    while let range = next {
      if goal.score(range.free.pointee.root) != 0 { return (range, range.free.findRun(goal)) }
      next = range.pointee.next
    }
    return nil
  }

  /// The number of stretches that are looked at for an aligned run.
  private var mostAttempts: Int { 16 }

  /// The lowest place in a range; nil if there is none. An aligned run surely fits into a stretch that is longer by the
  /// alignment. If there is none, shorter ones are tried, but not without end.
  private func lowestPlace(_ range: MemoryRangePointer, _ pages: UInt, _ step: UInt) -> UInt? {
    let (tree, longest) = (range.free, range.free.pointee.root.pointee.longest)
    guard pages <= longest else { return nil }
    guard step > 1 else { return tree.lowestFit(pages, from: 0) }
    if step &- 1 <= longest &- pages, let index = tree.lowestFit(pages &+ (step &- 1), from: 0) {
      return aligned(range, index, step)
    }
    var from: UInt = 0
    for _ in 0..<mostAttempts {
      guard let index = tree.lowestFit(pages, from: from) else { return nil }
      let next = aligned(range, index, step)
      if next == index { return index }
      from = next
    }
    return nil
  }

  /// The number of the first page at `index` or above whose address is a multiple of `step` pages. Behind the end of
  /// the address space it is behind the range, too.
  private func aligned(_ range: MemoryRangePointer, _ index: UInt, _ step: UInt) -> UInt {
    let number = range.address(index, pointee.page) &>> UInt(pointee.page.shift)
    return index &+ ((0 &- number) & (step &- 1))
  }
}
