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
    @inline(__always) func score(_ node: FreeNode) -> UInt {
      switch self {
      case .page: UInt(node.fewest)
      case .inBroken(let pages): UInt(node.broken) >= pages ? UInt(node.broken) : 0
      case .aligned(let order): UInt(node.order) > order ? UInt(node.order) : 0
      case .whole: node.hasWhole ? node.longest : 0
      }
    }
  }

  /// The first page of what meets the goal. The root must meet it. Where both children meet it, the one goes first that
  /// has less to lose: less is broken.
  @inline(__always) func find(_ goal: Goal) -> UInt {
    var (level, index, row) = (height, UInt(0), root)
    while level > 0 {
      if row[Int(bitPattern: index)].isLazy { return index &<< (leafShift &+ level) }
      let below = level > 1 ? row - Int(bitPattern: count(level &- 1)) : nodes
      let left = node(level &- 1, index &<< 1, below)
      let right = node(level &- 1, index &<< 1 &+ 1, below)
      let (leftScore, rightScore) = (goal.score(left), goal.score(right))
      (level, row) = (level &- 1, below)
      if leftScore | rightScore == 0 {
        switch goal {
        case .aligned: return index &<< (leafShift &+ level &+ 1)
        case .whole: return index &<< (leafShift &+ level &+ 1)
        default: return (index &<< 1 &+ 1) &<< (leafShift &+ level) &- left.suffix
        }
      }
      index = index &<< 1 &+ (rightScore &- 1 < leftScore &- 1 ? 1 : 0)
    }
    let leaf = leaves[Int(bitPattern: index)]
    let page =
      switch goal {
      case .page: UInt(bitPattern: leaf.trailingZeroBitCount)
      case .inBroken(let pages): Self.first(leaf, pages)
      case .aligned(let order): Self.first(leaf, order: order)
      case .whole: UInt(0)
      }
    return index &<< leafShift &+ page
  }

  /// The first of `pages` free pages in a row of a leaf; 64 if there is none.
  @inline(__always) private static func first(_ leaf: UInt64, _ pages: UInt) -> UInt {
    var (bits, length) = (leaf, UInt(1))
    while length < pages {
      let step = min(length, pages &- length)
      bits &= bits &>> UInt64(step)
      length &+= step
    }
    return UInt(bitPattern: bits.trailingZeroBitCount)
  }

  /// The first aligned stretch of 1 << order free pages of a leaf.
  @inline(__always) private static func first(_ leaf: UInt64, order: UInt) -> UInt {
    var (bits, starts) = (leaf, UInt64.max)
    for k in 0..<order {
      bits &= bits &>> (1 &<< UInt64(k))
      starts &= ~(starts &<< (1 &<< UInt64(k)))
    }
    // The multiples of 2, of 4, ...: what is left of all bits.
    return UInt(bitPattern: (bits & starts).trailingZeroBitCount)
  }

  /// The lowest place at `from` or above where `pages` free pages are in a row; nil if there is none.
  @inline(never) func firstFit(_ pages: UInt, from: UInt) -> UInt? {
    var index = from &>> leafShift
    guard index < leafCount else { return nil }
    refresh(index)
    // The pages below `from` count as taken.
    let leaf = leaves[Int(bitPattern: index)] & ~lowBits(from & (span(0) &- 1))
    var node = summary(leaf)
    if node.longest >= pages { return index &<< leafShift &+ Self.first(leaf, pages) }
    // `run` free pages lie before the next node.
    var (level, row, run) = (UInt(0), nodes, node.suffix)
    while true {
      index &+= 1
      while index & 1 == 0 && level < height {
        if level > 0 { row += Int(bitPattern: count(level)) }
        (index, level) = (index &>> 1, level &+ 1)
      }
      guard index < count(level), level < height else { return nil }
      node = self.node(level, index, row)
      let start = index &<< (leafShift &+ level)
      if run &+ node.prefix >= pages { return start &- run }
      if node.longest >= pages { return firstFit(pages, below: level, index, row) }
      run = node.suffix == span(level) ? run &+ span(level) : node.suffix
    }
  }

  /// The same within a node that has such a place.
  private func firstFit(
    _ pages: UInt, below top: UInt, _ topIndex: UInt, _ topRow: UnsafeMutablePointer<FreeNode>
  ) -> UInt {
    var (level, index, row) = (top, topIndex, topRow)
    while level > 0 {
      if row[Int(bitPattern: index)].isLazy { return index &<< (leafShift &+ level) }
      let below = level > 1 ? row - Int(bitPattern: count(level &- 1)) : nodes
      (level, row, index) = (level &- 1, below, index &<< 1)
      let left = node(level, index, row)
      if left.longest < pages {
        let right = node(level, index &+ 1, row)
        if left.suffix &+ right.prefix >= pages { return (index &+ 1) &<< (leafShift &+ level) &- left.suffix }
        index &+= 1
      }
    }
    return index &<< leafShift &+ Self.first(leaves[Int(bitPattern: index)], pages)
  }

  /// The number of free pages in a row from a page on.
  func run(from: UInt) -> UInt {
    var index = from &>> leafShift
    guard index < leafCount else { return 0 }
    refresh(index)
    let offset = from & (span(0) &- 1)
    var run = UInt(bitPattern: (~(leaves[Int(bitPattern: index)] &>> UInt64(offset))).trailingZeroBitCount)
    guard offset &+ run >= span(0) else { return run }
    run = span(0) &- offset
    var (level, row) = (UInt(0), nodes)
    while true {
      index &+= 1
      while index & 1 == 0 && level < height {
        if level > 0 { row += Int(bitPattern: count(level)) }
        (index, level) = (index &>> 1, level &+ 1)
      }
      guard index < count(level), level < height else { return run }
      let node = self.node(level, index, row)
      run &+= node.prefix
      if node.prefix < span(level) { return run }
    }
  }
}
