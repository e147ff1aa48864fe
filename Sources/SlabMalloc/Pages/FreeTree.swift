/// The free pages of a memory range: a tree over a bit for each page.
///
/// A leaf is a word with a bit for each page, 1 if the page is free. Each leaf has a node, and a node summarises the
/// two below it, as in a buddy allocator: it covers twice their pages, and starts at a multiple of what it covers. A
/// block, the 2 MiB of a large page, is a level of the tree.
///
///     level 3                  block                                     4 KiB pages: a block has 8 leaves
///     level 2         node               node
///     level 1     node    node       node    node
///     level 0    node node node node node node node node                 nodes: a row for each level, this one first
///     leaves     word word word word word word word word
///
/// Each row has an even number of nodes. The last may stand for pages that do not exist, which are taken for ever.
///
/// A node that became free or taken as a whole is *lazy*: what lies below it is out of date, until a visit brings it up
/// to date. Marking a run therefore takes a path of nodes at each of its ends, however long the run is, and a range of
/// any size is ready at once. Each node has all that a search compares, and a search takes one path too.
///
/// Pages are numbered from the start of the range's first block. The tree knows no addresses.
struct FreeTree {
  let leaves: UnsafeMutablePointer<UInt64>
  /// The first row, the row of blocks, and the last row, which begins with the root.
  let nodes: UnsafeMutablePointer<FreeNode>
  let blocks: UnsafeMutablePointer<FreeNode>
  let root: UnsafeMutablePointer<FreeNode>
  let lastLeaf: UInt
  /// The level of the root.
  let height: UInt
  /// A leaf has 1 << leafShift pages.
  let leafShift: UInt
  /// The level of blocks, at least 1.
  let blockLevel: UInt
  /// The leaf that was visited last, which is up to date and has no lazy node above it. At first no leaf's number.
  var freshLeaf = UInt.max
}

typealias FreeTreePointer = UnsafeMutablePointer<FreeTree>

extension FreeTree {
  /// The tree of so many blocks. Its nodes and leaves start at an address. Writes nothing. nil if they would end at or
  /// behind `limit`.
  init?(blocks count: UInt, page: PageSize, at address: UInt, limit: UInt) {
    leafShift = page == .kib64 ? 4 : 6
    blockLevel = UInt(PageSize.large.shift) &- UInt(page.shift) &- leafShift
    lastLeaf = count &<< blockLevel &- 1
    height = UInt(UInt.bitWidth &- lastLeaf.leadingZeroBitCount)
    // A leaf stands for 256 KiB or more: the sums do not wrap.
    var (nodeCount, blocksAt, rootAt) = (UInt(0), UInt(0), UInt(0))
    for level in 0...height where !Build.isSmall {
      if level == blockLevel { blocksAt = nodeCount }
      rootAt = nodeCount
      nodeCount &+= Self.rowCount(lastLeaf, level)
    }
    let leafBytes = lastLeaf &* 8 &+ 8
    guard leafBytes &+ nodeCount &* UInt(MemoryLayout<FreeNode>.stride) < limit &- address,
      let leaves = UnsafeMutablePointer<UInt64>(bitPattern: address),
      let nodes = UnsafeMutablePointer<FreeNode>(bitPattern: address &+ leafBytes)
    else { return nil }
    self.leaves = leaves
    self.nodes = nodes
    blocks = nodes + Int(bitPattern: blocksAt)
    root = nodes + Int(bitPattern: rootAt)
  }

  /// The address behind the state.
  var end: UInt { UInt(bitPattern: Build.isSmall ? nodes : root + 2) }

  /// The number of nodes in the row of a level.
  @inline(__always) fileprivate static func rowCount(_ lastLeaf: UInt, _ level: UInt) -> UInt {
    ((lastLeaf &>> level) | 1) &+ 1
  }
}

extension UnsafeMutablePointer where Pointee == FreeTree {
  /// Makes every page taken.
  func start() {
    if Build.isSmall { return startLeaves() }
    var place = place(leaf: pointee.lastLeaf)
    while true {
      if place.index & 1 == 0 { setUniform(place.node + 1, 0, free: false) }
      guard place.level < pointee.height else { break }
      ascend(&place)
    }
    setUniform(pointee.root, pointee.height, free: false)
  }

  /// Pages of a node.
  @inline(__always) func span(_ level: UInt) -> UInt { 1 &<< (pointee.leafShift &+ level) }
}

/// A node and where it is, on the way up or down.
struct FreePlace {
  var level: UInt
  var index: UInt
  /// The first node of the level.
  var row: UnsafeMutablePointer<FreeNode>

  @inline(__always) var node: UnsafeMutablePointer<FreeNode> { row + Int(bitPattern: index) }
}

extension UnsafeMutablePointer where Pointee == FreeTree {
  @inline(__always) func place(leaf: UInt) -> FreePlace { FreePlace(level: 0, index: leaf, row: pointee.nodes) }

  @inline(__always) var top: FreePlace { FreePlace(level: pointee.height, index: 0, row: pointee.root) }

  /// Goes to the left node below. The right one is behind it.
  @inline(__always) func descend(_ place: inout FreePlace) {
    place.level &-= 1
    place.index = place.index &<< 1
    place.row -= Int(bitPattern: FreeTree.rowCount(pointee.lastLeaf, place.level))
  }

  /// Goes to the node above.
  @inline(__always) func ascend(_ place: inout FreePlace) {
    place.row += Int(bitPattern: FreeTree.rowCount(pointee.lastLeaf, place.level))
    place.level &+= 1
    place.index = place.index &>> 1
  }

  /// Goes to the next node that lies wholly behind this one, the highest one that does; false behind the last.
  @inline(__always) func advance(_ place: inout FreePlace) -> Bool {
    place.index &+= 1
    while place.index & 1 == 0 && place.level < pointee.height { ascend(&place) }
    return place.index <= pointee.lastLeaf &>> place.level
  }

  /// The first page of a node.
  @inline(__always) func page(_ place: FreePlace) -> UInt { place.index &<< (pointee.leafShift &+ place.level) }
}
