/// Searching for free pages. Each search takes one path, from the root or from a leaf, and brings the leaf up to date
/// that it ends at.
extension UnsafeMutablePointer where Pointee == FreeTree {
  /// A page of a block that has fewer free pages than others, within a quarter. The root must have a free page.
  ///
  /// The last page of a whole block goes first, the lowest of the last leaf next, and so on. The stretches at the
  /// block's start and end therefore change seldom, and with them the nodes above.
  @inline(never) func findPage() -> UInt {
    let fresh = pointee.freshLeaf
    guard
      fresh > pointee.lastLeaf || pointee.leaves[Int(bitPattern: fresh)] == 0
        || pointee.blocks[Int(bitPattern: fresh &>> pointee.blockLevel)].marks.fewest
          > pointee.root.pointee.marks.fewest
    else { return lowestPage(in: fresh) }
    var place = top
    while place.level > 0 {
      if place.node.pointee.marks.has(FreeNode.Marks.isLazy) { unfold(place) }
      let isAbove = place.level > pointee.blockLevel
      descend(&place)
      let left = place.node.pointee.marks.fewest &- 1
      let right = place.node[1].marks.fewest &- 1
      if right < left || right == left && !isAbove { place.index &+= 1 }
    }
    if place.node.pointee.marks.has(FreeNode.Marks.isLazy) { unfold(place) }
    pointee.freshLeaf = place.index
    return lowestPage(in: place.index)
  }

  /// The page of a leaf that goes next.
  private func lowestPage(in index: UInt) -> UInt {
    let leaf = pointee.leaves[Int(bitPattern: index)]
    let isWhole = leaf == lowBits(span(0))
    return index &<< pointee.leafShift &+ (isWhole ? span(0) &- 1 : UInt(bitPattern: leaf.trailingZeroBitCount))
  }
}

/// What a search for a run looks for.
enum RunGoal {
  /// So many pages of a broken block, whose longest stretch has at least this grade.
  case inBroken(pages: UInt, grade: UInt)
  /// An aligned stretch of 1 << order pages of a broken block.
  case aligned(order: UInt)
  /// A whole block.
  case whole

  /// How well a node, which is a block or above, meets the goal: 0 if it does not, else better if less.
  @inline(__always) func score(_ node: UnsafeMutablePointer<FreeNode>) -> UInt {
    let marks = node.pointee.marks
    return switch self {
    case .inBroken(_, let grade): marks.broken >= grade ? marks.broken : 0
    case .aligned(let order): marks.order > order ? marks.order : 0
    case .whole: marks.has(FreeNode.Marks.hasWhole) ? node.pointee.longest : 0
    }
  }
}

extension UnsafeMutablePointer where Pointee == FreeTree {
  /// The first page of a run that meets the goal. The root must meet it. Of two nodes that meet it the one is taken
  /// that has less to lose.
  @inline(never) func findRun(_ goal: RunGoal) -> UInt {
    var place = top
    while place.level > pointee.blockLevel {
      if place.node.pointee.marks.has(FreeNode.Marks.isLazy) { unfold(place) }
      descend(&place)
      if goal.score(place.node + 1) &- 1 < goal.score(place.node) &- 1 { place.index &+= 1 }
    }
    switch goal {
    case .inBroken(let pages, _): return lowestFit(pages, below: place)
    case .aligned(let order): return findAligned(order, below: place)
    case .whole: return page(place)
    }
  }

  private func findAligned(_ order: UInt, below top: FreePlace) -> UInt {
    var place = top
    while place.level > 0 && !place.node.pointee.marks.has(FreeNode.Marks.isLazy) {
      let start = page(place)
      descend(&place)
      let (left, right) = (place.node.pointee.marks.order, place.node[1].marks.order)
      // Only both together are such a stretch.
      guard max(left, right) > order else { return start }
      if left <= order || right > order && right < left { place.index &+= 1 }
    }
    guard !place.node.pointee.marks.has(FreeNode.Marks.isLazy) else { return page(place) }
    let leaf = pointee.leaves[Int(bitPattern: place.index)]
    return page(place) &+ first(leaf, 1 &<< order, multiples[unchecked: Int(bitPattern: order)])
  }

  /// The first of `pages` free pages in a row of a leaf, at one of the places `starts`; 64 if there is none.
  @inline(never) private func first(_ leaf: UInt64, _ pages: UInt, _ starts: UInt64 = .max) -> UInt {
    var (bits, length) = (leaf, UInt(1))
    while length < pages {
      let step = min(length, pages &- length)
      bits &= bits &>> UInt64(step)
      length &+= step
    }
    return UInt(bitPattern: (bits & starts).trailingZeroBitCount)
  }

  /// The lowest place at `from` or above where `pages` free pages are in a row; nil if there is none.
  @inline(never) func lowestFit(_ pages: UInt, from: UInt) -> UInt? {
    guard from &>> pointee.leafShift <= pointee.lastLeaf else { return nil }
    var place = place(leaf: from &>> pointee.leafShift)
    refresh(leaf: place.index)
    // The pages below `from` count as taken.
    let leaf = pointee.leaves[Int(bitPattern: place.index)] & leafBits(from: from)
    if pages <= span(0) {
      let index = first(leaf, pages)
      if index < 64 { return page(place) &+ index }
    }
    // So many free pages lie before the next node.
    let unused = 64 &- (1 &<< UInt64(pointee.leafShift))
    var run = UInt(bitPattern: (~(leaf &<< unused)).leadingZeroBitCount)
    while advance(&place) {
      let (node, span) = (place.node, span(place.level))
      if run &+ node.pointee.prefix >= pages { return page(place) &- run }
      if node.pointee.longest >= pages { return lowestFit(pages, below: place) }
      run = node.pointee.suffix == span ? run &+ span : node.pointee.suffix
    }
    return nil
  }

  /// The same within a node that has such a place.
  private func lowestFit(_ pages: UInt, below top: FreePlace) -> UInt {
    var place = top
    while place.level > 0 && !place.node.pointee.marks.has(FreeNode.Marks.isLazy) {
      descend(&place)
      let left = place.node
      guard left.pointee.longest < pages else { continue }
      place.index &+= 1
      if left.pointee.suffix &+ place.node.pointee.prefix >= pages { return page(place) &- left.pointee.suffix }
    }
    guard !place.node.pointee.marks.has(FreeNode.Marks.isLazy) else { return page(place) }
    return page(place) &+ first(pointee.leaves[Int(bitPattern: place.index)], pages)
  }

  /// The number of free pages in a row from a page on.
  func run(from: UInt) -> UInt {
    guard from &>> pointee.leafShift <= pointee.lastLeaf else { return 0 }
    var place = place(leaf: from &>> pointee.leafShift)
    refresh(leaf: place.index)
    let offset = from & (span(0) &- 1)
    let leaf = pointee.leaves[Int(bitPattern: place.index)]
    var run = UInt(bitPattern: (~(leaf &>> UInt64(offset))).trailingZeroBitCount)
    guard offset &+ run == span(0) else { return run }
    while advance(&place) {
      run &+= place.node.pointee.prefix
      if place.node.pointee.prefix < span(place.level) { break }
    }
    return run
  }
}
