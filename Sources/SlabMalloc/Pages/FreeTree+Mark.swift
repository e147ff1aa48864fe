/// Marking pages as free or taken.
extension FreeTree {
  /// Brings the nodes from the root to a leaf up to date, and the siblings beside them.
  @inline(never) func refresh(_ leaf: UInt) {
    var place = top
    while true {
      let node = place.node
      if node.pointee.marks.has(FreeNode.Marks.isLazy) {
        let free = node.pointee.marks.fewest != 0
        node.pointee.marks.bits &= ~FreeNode.Marks.isLazy
        guard place.level > 0 else {
          leaves[Int(bitPattern: leaf)] = free ? lowBits(span(0)) : 0
          return
        }
        descend(&place)
        setUniform(place.node, place.level, free: free)
        if sibling(place) != none { setUniform(place.node + 1, place.level, free: free) }
      } else {
        guard place.level > 0 else { return }
        descend(&place)
      }
      place.index = leaf &>> place.level
    }
  }

  /// Bits of the leaf of `first`: the pages from `first` on.
  @inline(__always) func bits(from first: UInt) -> UInt64 {
    lowBits(span(0)) & ~lowBits(first & (span(0) &- 1))
  }

  /// Bits of the leaf of `last`: the pages up to `last`.
  @inline(__always) func bits(through last: UInt) -> UInt64 { lowBits((last & (span(0) &- 1)) &+ 1) }

  /// Marks `count` pages as free or taken. All of them must be of the other kind. `isLarge`: they are taken as a large
  /// page. Returns by how much the number of whole blocks changed.
  @inline(never) func mark(_ first: UInt, _ count: UInt, free: Bool, isLarge: Bool = false) -> Int {
    if Build.isSmall {
      markLeaves(first, count, free: free)
      return 0
    }
    let last = first &+ (count &- 1)
    var (left, right) = (place(leaf: first &>> leafShift), last &>> leafShift)
    var isOther = true
    refresh(left.index)
    if left.index == right {
      isOther = set(right, bits(from: first) & bits(through: last), free: free)
    } else {
      refresh(right)
      _ = set(left.index, bits(from: first), free: free)
      _ = set(right, bits(through: last), free: free)
    }
    var whole = 0
    while isOther && left.level < height {
      // Between the two paths all pages belong to the run.
      if left.index &>> 1 != right &>> 1 {
        if left.index & 1 == 0 { whole &+= setInner(left.node + 1, left.level, free: free) }
        if right & 1 != 0 { whole &+= setInner(left.row + Int(bitPattern: right &- 1), left.level, free: free) }
      }
      ascend(&left)
      right = right &>> 1
      isOther = update(left, isLarge, &whole)
      if left.index != right {
        _ = update(FreePlace(level: left.level, index: right, row: left.row), isLarge, &whole)
        isOther = true
      }
    }
    return whole
  }

  private func set(_ leaf: UInt, _ bits: UInt64, free: Bool) -> Bool {
    let word = free ? leaves[Int(bitPattern: leaf)] | bits : leaves[Int(bitPattern: leaf)] & ~bits
    leaves[Int(bitPattern: leaf)] = word
    return summarize(word, nodes + Int(bitPattern: leaf))
  }

  /// Fills a node between the paths of a run. Returns by how much the number of whole blocks changes.
  private func setInner(_ node: UnsafeMutablePointer<FreeNode>, _ level: UInt, free: Bool) -> Int {
    setUniform(node, level, free: free)
    guard level >= blockLevel else { return 0 }
    let blocks = 1 &<< Int(bitPattern: level &- blockLevel)
    return free ? blocks : 0 &- blocks
  }

  /// Summarises what is below a node anew. Returns whether the node changed.
  private func update(_ place: FreePlace, _ isLarge: Bool, _ whole: inout Int) -> Bool {
    var below = place
    descend(&below)
    guard place.level == blockLevel else { return combine(place.node, place.level, below.node, sibling(below)) }
    let wasWhole = place.node.pointee.marks.has(FreeNode.Marks.hasWhole)
    let isOther = combine(place.node, place.level, below.node, sibling(below))
    if isLarge { place.node.pointee.marks.bits |= FreeNode.Marks.hasLarge }
    whole &+= (place.node.pointee.marks.has(FreeNode.Marks.hasWhole) ? 1 : 0) &- (wasWhole ? 1 : 0)
    return isOther
  }

  /// Whether `count` pages are taken: all as a large page, or none of them.
  @inline(never) func areTaken(_ first: UInt, _ count: UInt, asLarge: Bool = false) -> Bool {
    if Build.isSmall { return isTaken(first) }
    let last = first &+ (count &- 1)
    var (left, right) = (place(leaf: first &>> leafShift), last &>> leafShift)
    refresh(left.index)
    refresh(right)
    let leftBits = leaves[Int(bitPattern: left.index)] & bits(from: first)
    let rightBits = leaves[Int(bitPattern: right)] & bits(through: last)
    guard (left.index == right ? leftBits & rightBits : leftBits | rightBits) == 0 else { return false }
    while left.index != right || left.level < blockLevel {
      if left.index &>> 1 != right &>> 1 {
        if left.index & 1 == 0, !isTaken(left.node + 1) { return false }
        if right & 1 != 0, !isTaken(left.row + Int(bitPattern: right &- 1)) { return false }
      }
      ascend(&left)
      right = right &>> 1
      if left.level == blockLevel {
        let marks = left.row[Int(bitPattern: right)].marks
        guard left.node.pointee.marks.has(FreeNode.Marks.hasLarge) == asLarge,
          marks.has(FreeNode.Marks.hasLarge) == asLarge
        else { return false }
      }
    }
    return true
  }

  private func isTaken(_ node: UnsafeMutablePointer<FreeNode>) -> Bool {
    node.pointee.longest == 0 && !node.pointee.marks.has(FreeNode.Marks.hasLarge)
  }
}
