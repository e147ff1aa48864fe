/// The free pages of a memory range: a tree over a bit for each page.
///
/// A leaf is a word with a bit for each page, 1 if the page is free. Each leaf has a node, and a node summarises the two
/// below it, as in a buddy allocator: it covers twice their pages, and starts at a multiple of what it covers. A block,
/// the 2 MiB of a large page, is a level of the tree.
///
///     level 3                  block                                     4 KiB pages: a block has 8 leaves
///     level 2         node               node
///     level 1     node    node       node    node
///     level 0    node node node node node node node node                 nodes: level 0 first, the root, `none`
///     leaves     word word word word word word word word
///
/// A node that became free or taken as a whole is *lazy*: what lies below it is out of date, until a visit brings it up
/// to date. Marking a run therefore takes a path of nodes at each of its ends, however long the run is, and a range of
/// any size is ready at once. Each node has all that a search compares, and a search takes one path too.
///
/// Pages are numbered from the start of the range's first block. The tree knows no addresses.
struct FreeTree {
  let leaves: UnsafeMutablePointer<UInt64>
  let nodes: UnsafeMutablePointer<FreeNode>
  let root: UnsafeMutablePointer<FreeNode>
  let leafCount: UInt
  /// The level of the root.
  let height: UInt
  /// A leaf has 1 << leafShift pages.
  let leafShift: UInt
  /// The level whose nodes are blocks, at least 1.
  let blockLevel: UInt
}

extension FreeTree {
  /// The tree of so many blocks, whose state starts at an address. Writes nothing. nil if the state would end at or
  /// behind `limit`.
  init?(blocks: UInt, page: PageSize, at address: UInt, limit: UInt) {
    leafShift = page == .kib64 ? 4 : 6
    blockLevel = UInt(PageSize.large.shift) &- UInt(page.shift) &- leafShift
    leafCount = blocks &<< blockLevel
    height = UInt(UInt.bitWidth &- (leafCount &- 1).leadingZeroBitCount)
    var count = UInt(0)
    for level in 0...height where !Build.isSmall { count &+= ((leafCount &- 1) &>> level) &+ 1 }
    // A leaf stands for 256 KiB or more: the sums do not wrap.
    let nodesAt = address &+ leafCount &* 8
    let size = leafCount &* 8 &+ (count &+ 1) &* UInt(MemoryLayout<FreeNode>.stride)
    guard size < limit &- address, let leaves = UnsafeMutablePointer<UInt64>(bitPattern: address),
      let nodes = UnsafeMutablePointer<FreeNode>(bitPattern: nodesAt)
    else { return nil }
    self.leaves = leaves
    self.nodes = nodes
    root = nodes + Int(bitPattern: count &- 1)
  }

  /// The address behind the tree's state.
  var end: UInt { Build.isSmall ? UInt(bitPattern: nodes) : UInt(bitPattern: none + 1) }

  /// Makes every page taken.
  func initialize() {
    if Build.isSmall { return initializeLeaves() }
    none.initialize(to: FreeNode())
    setUniform(root, height, free: false)
  }

  // --- Shape ---

  /// The node of pages behind the last leaf: they are taken for ever.
  @inline(__always) var none: UnsafeMutablePointer<FreeNode> { root + 1 }

  /// The number of nodes of a level.
  @inline(__always) func count(_ level: UInt) -> UInt { ((leafCount &- 1) &>> level) &+ 1 }

  /// Pages of a node.
  @inline(__always) func span(_ level: UInt) -> UInt { 1 &<< (leafShift &+ level) }

  @inline(__always) var pagesPerBlock: UInt { span(blockLevel) }
}

/// A node and its level, on the way up or down.
struct FreePlace {
  var level: UInt
  var index: UInt
  /// The first node of the level.
  var row: UnsafeMutablePointer<FreeNode>

  @inline(__always) var node: UnsafeMutablePointer<FreeNode> { row + Int(bitPattern: index) }
}

extension FreeTree {
  @inline(__always) func place(leaf: UInt) -> FreePlace { FreePlace(level: 0, index: leaf, row: nodes) }

  @inline(__always) var top: FreePlace { FreePlace(level: height, index: 0, row: root) }

  /// Goes to the left node below.
  @inline(__always) func descend(_ place: inout FreePlace) {
    place.level &-= 1
    place.index = place.index &<< 1
    place.row -= Int(bitPattern: count(place.level))
  }

  /// Goes to the node above.
  @inline(__always) func ascend(_ place: inout FreePlace) {
    place.row += Int(bitPattern: count(place.level))
    place.level &+= 1
    place.index = place.index &>> 1
  }

  /// Goes to the next node that lies wholly behind this one, the highest one that does; false behind the last.
  @inline(__always) func advance(_ place: inout FreePlace) -> Bool {
    place.index &+= 1
    while place.index & 1 == 0 && place.level < height { ascend(&place) }
    return place.index < count(place.level)
  }

  /// The node to the right of a left one.
  @inline(__always) func sibling(_ place: FreePlace) -> UnsafeMutablePointer<FreeNode> {
    place.index &+ 1 < count(place.level) ? place.node + 1 : none
  }
}
