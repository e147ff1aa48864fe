/// Searching for free pages. Each search takes one path, from the root or from a leaf.
extension FreeTree {
  /// What a search from the root looks for.
  enum Goal {
    /// A page of the block that has the fewest free ones.
    case page
    /// So many pages of a broken block.
    case inBroken(UInt)
    /// An aligned stretch of 1 << order pages of a broken block.
    case aligned(UInt)
    /// A whole block.
    case whole

    /// How well a node meets the goal: 0 if it does not, else better if less.
    @inline(__always) func score(_ node: UnsafeMutablePointer<FreeNode>) -> UInt {
      let marks = node.pointee.marks
      return switch self {
      case .page: marks.fewest
      case .inBroken(let pages): marks.broken >= pages ? marks.broken : 0
      case .aligned(let order): marks.order > order ? marks.order : 0
      case .whole: marks.has(FreeNode.Marks.hasWhole) ? node.pointee.longest : 0
      }
    }
  }

  /// The first page of what meets the goal. The root must meet it. Of two nodes that meet it the one is taken that has
  /// less to lose: less is broken.
  @inline(never) func find(_ goal: Goal) -> UInt {
    var place = top
    while place.level > 0 && !place.node.pointee.marks.has(FreeNode.Marks.isLazy) {
      let start = place.index &<< (leafShift &+ place.level)
      descend(&place)
      let (left, right) = (place.node, sibling(place))
      let (leftScore, rightScore) = (goal.score(left), goal.score(right))
      if leftScore | rightScore == 0 {
        // Only both together meet it.
        if case .inBroken = goal { return start &+ span(place.level) &- left.pointee.suffix }
        return start
      }
      if rightScore &- 1 < leftScore &- 1 { place.index &+= 1 }
    }
    return place.index &<< (leafShift &+ place.level) &+ offset(goal, place)
  }

  /// The place of the first page in a leaf; 0 in a node that is free as a whole.
  @inline(__always) private func offset(_ goal: Goal, _ place: FreePlace) -> UInt {
    guard !place.node.pointee.marks.has(FreeNode.Marks.isLazy) else { return 0 }
    let leaf = leaves[Int(bitPattern: place.index)]
    return switch goal {
    case .page: UInt(bitPattern: leaf.trailingZeroBitCount)
    case .inBroken(let pages): first(leaf, pages)
    case .aligned(let order): first(leaf, 1 &<< order, multiples[unchecked: Int(bitPattern: order)])
    case .whole: 0
    }
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
  @inline(never) func firstFit(_ pages: UInt, from: UInt) -> UInt? {
    var place = place(leaf: from &>> leafShift)
    guard place.index < leafCount else { return nil }
    refresh(place.index)
    // The pages below `from` count as taken.
    let leaf = leaves[Int(bitPattern: place.index)] & bits(from: from)
    let index = first(leaf, pages)
    if pages <= span(0) && index < 64 { return place.index &<< leafShift &+ index }
    // So many free pages lie before the next node.
    var run = UInt(bitPattern: (~(leaf &<< (64 &- (1 &<< UInt64(leafShift))))).leadingZeroBitCount)
    while advance(&place) {
      let (node, span) = (place.node, span(place.level))
      if run &+ node.pointee.prefix >= pages { return place.index &<< (leafShift &+ place.level) &- run }
      if node.pointee.longest >= pages { return firstFit(pages, below: place) }
      run = node.pointee.suffix == span ? run &+ span : node.pointee.suffix
    }
    return nil
  }

  /// The same within a node that has such a place.
  private func firstFit(_ pages: UInt, below top: FreePlace) -> UInt {
    var place = top
    while place.level > 0 && !place.node.pointee.marks.has(FreeNode.Marks.isLazy) {
      descend(&place)
      let left = place.node
      guard left.pointee.longest < pages else { continue }
      place.index &+= 1
      if left.pointee.suffix &+ place.node.pointee.prefix >= pages {
        return place.index &<< (leafShift &+ place.level) &- left.pointee.suffix
      }
    }
    guard !place.node.pointee.marks.has(FreeNode.Marks.isLazy) else {
      return place.index &<< (leafShift &+ place.level)
    }
    return place.index &<< leafShift &+ first(leaves[Int(bitPattern: place.index)], pages)
  }

  /// The number of free pages in a row from a page on.
  func run(from: UInt) -> UInt {
    var place = place(leaf: from &>> leafShift)
    guard place.index < leafCount else { return 0 }
    refresh(place.index)
    let offset = from & (span(0) &- 1)
    var run = UInt(bitPattern: (~(leaves[Int(bitPattern: place.index)] &>> UInt64(offset))).trailingZeroBitCount)
    guard offset &+ run == span(0) else { return run }
    while advance(&place) {
      run &+= place.node.pointee.prefix
      if place.node.pointee.prefix < span(place.level) { break }
    }
    return run
  }
}
