/// Marking pages as free or taken.
extension FreeTree {
  /// Brings the nodes from the root to a leaf up to date, and the siblings beside them.
  func refresh(_ leaf: UInt) {
    var (level, row) = (height, root)
    while level > 0 {
      let node = row + Int(bitPattern: leaf &>> level)
      let below = level > 1 ? row - Int(bitPattern: count(level &- 1)) : nodes
      if node.pointee.isLazy {
        let (free, first) = (node.pointee.fewest != 0, (leaf &>> level) &<< 1)
        node.pointee.isLazy = false
        fill(level &- 1, first, below, free: free)
        if first < count(level &- 1) &- 1 { fill(level &- 1, first &+ 1, below, free: free) }
      }
      level &-= 1
      row = below
    }
  }

  /// Makes all pages of a node or leaf free or taken.
  @inline(__always)
  private func fill(_ level: UInt, _ index: UInt, _ row: UnsafeMutablePointer<FreeNode>, free: Bool) {
    if level == 0 {
      leaves[Int(bitPattern: index)] = free ? leafMask : 0
    } else {
      row[Int(bitPattern: index)] = uniform(level, free: free)
    }
  }

  /// The up-to-date summary of a node or leaf; none behind the last one.
  @inline(__always)
  func node(_ level: UInt, _ index: UInt, _ row: UnsafeMutablePointer<FreeNode>) -> FreeNode {
    guard index < count(level) else { return .none }
    return level == 0 ? summary(leaves[Int(bitPattern: index)]) : row[Int(bitPattern: index)]
  }

  /// Bits of a leaf: the pages from `first` on, in the leaf of `first`.
  @inline(__always) private func bits(from first: UInt) -> UInt64 {
    leafMask & ~lowBits(first & (span(0) &- 1))
  }

  /// Bits of a leaf: the pages up to `last`, in the leaf of `last`.
  @inline(__always) private func bits(through last: UInt) -> UInt64 { lowBits((last & (span(0) &- 1)) &+ 1) }

  /// Marks `count` pages as free or taken. All of them must be of the other kind. `isLarge`: they are taken as a large
  /// page. Returns by how much the number of whole blocks changed.
  @inline(never) func mark(_ first: UInt, _ count: UInt, free: Bool, isLarge: Bool = false) -> Int {
    let last = first &+ (count &- 1)
    var (left, right) = (first &>> leafShift, last &>> leafShift)
    refresh(left)
    if left == right {
      set(left, bits(from: first) & bits(through: last), free: free)
    } else {
      refresh(right)
      set(left, bits(from: first), free: free)
      set(right, bits(through: last), free: free)
    }
    var (below, row, level, whole) = (nodes, nodes, UInt(0), 0)
    while level < height {
      // Between the two paths all pages belong to the run.
      if left &>> 1 != right &>> 1 {
        if left & 1 == 0 { whole &+= fillInner(level, left &+ 1, below, free: free) }
        if right & 1 != 0 { whole &+= fillInner(level, right &- 1, below, free: free) }
      }
      (left, right, level) = (left &>> 1, right &>> 1, level &+ 1)
      var isSame = update(level, left, row, below, isLarge, &whole)
      if left != right { isSame = update(level, right, row, below, isLarge, &whole) && false }
      if isSame { break }
      below = row
      row += Int(bitPattern: self.count(level))
    }
    return whole
  }

  @inline(__always) private func set(_ leaf: UInt, _ bits: UInt64, free: Bool) {
    if free { leaves[Int(bitPattern: leaf)] |= bits } else { leaves[Int(bitPattern: leaf)] &= ~bits }
  }

  /// Fills a node between the paths of a run. Returns by how much the number of whole blocks changes.
  private func fillInner(_ level: UInt, _ index: UInt, _ row: UnsafeMutablePointer<FreeNode>, free: Bool) -> Int {
    fill(level, index, row, free: free)
    guard level >= blockLevel else { return 0 }
    let blocks = 1 &<< Int(bitPattern: level &- blockLevel)
    return free ? blocks : 0 &- blocks
  }

  /// Summarises the children of a node anew; returns whether nothing changed.
  private func update(
    _ level: UInt, _ index: UInt, _ row: UnsafeMutablePointer<FreeNode>, _ below: UnsafeMutablePointer<FreeNode>,
    _ isLarge: Bool, _ whole: inout Int
  ) -> Bool {
    let place = row + Int(bitPattern: index)
    let old = place.pointee
    var new = combine(
      node(level &- 1, index &<< 1, below), node(level &- 1, index &<< 1 &+ 1, below), level)
    if !Build.isSmall && level == blockLevel {
      new.hasLarge = isLarge
      whole &+= (new.hasWhole ? 1 : 0) &- (old.hasWhole ? 1 : 0)
    }
    place.pointee = new
    return new == old
  }

  /// Whether `count` pages are taken, as a large page or not.
  func areTaken(_ first: UInt, _ count: UInt, asLarge: Bool = false) -> Bool {
    let last = first &+ (count &- 1)
    var (left, right) = (first &>> leafShift, last &>> leafShift)
    refresh(left)
    refresh(right)
    let ends =
      left == right
      ? leaves[Int(bitPattern: left)] & bits(from: first) & bits(through: last)
      : leaves[Int(bitPattern: left)] & bits(from: first) | leaves[Int(bitPattern: right)] & bits(through: last)
    guard ends == 0 else { return false }
    guard !Build.isSmall else { return true }
    var (below, row, level) = (nodes, nodes, UInt(0))
    while left != right || level < blockLevel {
      if left &>> 1 != right &>> 1 {
        if left & 1 == 0, !isTaken(level, left &+ 1, below) { return false }
        if right & 1 != 0, !isTaken(level, right &- 1, below) { return false }
      }
      (left, right, level) = (left &>> 1, right &>> 1, level &+ 1)
      if level == blockLevel,
        row[Int(bitPattern: left)].hasLarge != asLarge || row[Int(bitPattern: right)].hasLarge != asLarge
      {
        return false
      }
      below = row
      row += Int(bitPattern: self.count(level))
    }
    return true
  }

  private func isTaken(_ level: UInt, _ index: UInt, _ row: UnsafeMutablePointer<FreeNode>) -> Bool {
    guard level > 0 else { return leaves[Int(bitPattern: index)] == 0 }
    return row[Int(bitPattern: index)].fewest == 0 && !row[Int(bitPattern: index)].hasLarge
  }
}
