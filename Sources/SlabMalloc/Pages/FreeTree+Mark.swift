/// Marking pages as free or taken.
extension UnsafeMutablePointer where Pointee == FreeTree {
  /// Brings the nodes from the root to a leaf up to date, the leaf, and the siblings beside them.
  @inline(__always) func refresh(leaf: UInt) {
    if leaf != pointee.freshLeaf { refreshPath(leaf: leaf) }
  }

  @inline(never) private func refreshPath(leaf: UInt) {
    pointee.freshLeaf = leaf
    var place = top
    while true {
      if place.node.pointee.marks.has(FreeNode.Marks.isLazy) { unfold(place) }
      guard place.level > 0 else { return }
      descend(&place)
      place.index = leaf &>> place.level
    }
  }

  /// Passes what a lazy node is on to what is below it.
  @inline(never) func unfold(_ place: FreePlace) {
    let (free, isPage) = (place.node.pointee.longest != 0, place.level == 0)
    place.node.pointee.marks.bits &= ~FreeNode.Marks.isLazy
    guard !isPage else {
      pointee.leaves[Int(bitPattern: place.index)] = free ? lowBits(span(0)) : 0
      return
    }
    var below = place
    descend(&below)
    setUniform(below.node, below.level, free: free)
    // A node with pages that do not exist is never free as a whole, and what it passes on is right for them too.
    setUniform(below.node + 1, below.level, free: free)
  }

  /// Bits of the leaf of `first`: the pages from `first` on.
  @inline(__always) func leafBits(from first: UInt) -> UInt64 {
    lowBits(span(0)) & ~lowBits(first & (span(0) &- 1))
  }

  /// Bits of the leaf of `last`: the pages up to `last`.
  @inline(__always) func leafBits(through last: UInt) -> UInt64 { lowBits((last & (span(0) &- 1)) &+ 1) }

  /// Marks `count` pages as free or taken. All of them must be of the other kind. `isLarge`: they are taken as a large
  /// page. `isFresh`: the leaves of the first and of the last page are up to date. Returns by how much the number of
  /// whole blocks changed.
  ///
  /// What lies between the ends becomes lazy. The last leaf was refreshed last, and stays the fresh one.
  @inline(never)
  func mark(_ first: UInt, _ count: UInt, free: Bool, isLarge: Bool = false, isFresh: Bool = false) -> Int {
    if Build.isSmall {
      markLeaves(first, count, free: free)
      return 0
    }
    let last = first &+ (count &- 1)
    var (left, right, whole) = (place(leaf: first &>> pointee.leafShift), last &>> pointee.leafShift, 0)
    if !isFresh {
      refresh(leaf: left.index)
      if left.index != right { refresh(leaf: right) }
    }
    if left.index == right {
      guard set(right, leafBits(from: first) & leafBits(through: last), free: free) else { return 0 }
    } else {
      _ = set(left.index, leafBits(from: first), free: free)
      _ = set(right, leafBits(through: last), free: free)
      repeat {
        // Between the two paths all pages belong to the run.
        if left.index &>> 1 != right &>> 1 {
          if left.index & 1 == 0 { whole &+= setInner(left.node + 1, left.level, free: free) }
          if right & 1 != 0 { whole &+= setInner(left.row + Int(bitPattern: right &- 1), left.level, free: free) }
        }
        let below = left.row
        ascend(&left)
        right = right &>> 1
        updateEnd(left, below, isLarge, &whole)
        if left.index == right { break }
        updateEnd(FreePlace(level: left.level, index: right, row: left.row), below, isLarge, &whole)
      } while true
    }
    climb(left, isLarge, &whole)
    return whole
  }

  /// Updates the nodes above a node, as far as they change.
  @inline(never) private func climb(_ from: FreePlace, _ isLarge: Bool, _ whole: inout Int) {
    var place = from
    while place.level < pointee.height {
      let below = place.row
      ascend(&place)
      if !update(place, below, isLarge, &whole) { return }
    }
  }

  private func set(_ leaf: UInt, _ bits: UInt64, free: Bool) -> Bool {
    let word = pointee.leaves + Int(bitPattern: leaf)
    word.pointee = free ? word.pointee | bits : word.pointee & ~bits
    return summarize(word.pointee, pointee.nodes + Int(bitPattern: leaf))
  }

  /// Fills a node between the paths of a run. Returns by how much the number of whole blocks changes.
  private func setInner(_ node: UnsafeMutablePointer<FreeNode>, _ level: UInt, free: Bool) -> Int {
    setUniform(node, level, free: free)
    guard level >= pointee.blockLevel else { return 0 }
    let blocks = 1 &<< Int(bitPattern: level &- pointee.blockLevel)
    return free ? blocks : 0 &- blocks
  }

  /// Updates a node on the path of one end of a run.
  @inline(never) private func updateEnd(
    _ place: FreePlace, _ below: UnsafeMutablePointer<FreeNode>, _ isLarge: Bool, _ whole: inout Int
  ) { _ = update(place, below, isLarge, &whole) }

  /// Summarises what is below a node anew. Returns whether the node changed.
  @inline(__always) private func update(
    _ place: FreePlace, _ below: UnsafeMutablePointer<FreeNode>, _ isLarge: Bool, _ whole: inout Int
  ) -> Bool {
    let left = below + Int(bitPattern: place.index &<< 1)
    guard place.level == pointee.blockLevel else { return combine(place.node, place.level, left) }
    let old = place.node.pointee.marks
    let isOther = combine(place.node, place.level, left)
    if isLarge { place.node.pointee.marks.bits |= FreeNode.Marks.hasLarge }
    let wholes = (place.node.pointee.marks.bits ^ old.bits) & FreeNode.Marks.hasWhole
    if wholes != 0 { whole &+= old.has(FreeNode.Marks.hasWhole) ? -1 : 1 }
    return isOther
  }

  /// Whether `count` pages are taken: all as a large page, or none of them. Brings the leaves at both ends up to date.
  @inline(never) func areTaken(_ first: UInt, _ count: UInt, asLarge: Bool = false) -> Bool {
    if Build.isSmall { return isTaken(first) }
    let last = first &+ (count &- 1)
    var (left, right) = (place(leaf: first &>> pointee.leafShift), last &>> pointee.leafShift)
    refresh(leaf: left.index)
    let blocks = pointee.blocks + Int(bitPattern: left.index &>> pointee.blockLevel)
    guard blocks.pointee.marks.has(FreeNode.Marks.hasLarge) == asLarge else { return false }
    let leftBits = pointee.leaves[Int(bitPattern: left.index)] & leafBits(from: first)
    guard left.index != right else { return leftBits & leafBits(through: last) == 0 }
    refresh(leaf: right)
    let lastBlock = pointee.blocks + Int(bitPattern: right &>> pointee.blockLevel)
    guard leftBits | pointee.leaves[Int(bitPattern: right)] & leafBits(through: last) == 0,
      lastBlock.pointee.marks.has(FreeNode.Marks.hasLarge) == asLarge
    else { return false }
    while left.index != right {
      if left.index &>> 1 != right &>> 1 {
        if left.index & 1 == 0, !isTaken(left.node + 1) { return false }
        if right & 1 != 0, !isTaken(left.row + Int(bitPattern: right &- 1)) { return false }
      }
      ascend(&left)
      right = right &>> 1
    }
    return true
  }

  private func isTaken(_ node: UnsafeMutablePointer<FreeNode>) -> Bool {
    node.pointee.longest == 0 && !node.pointee.marks.has(FreeNode.Marks.hasLarge)
  }
}
