/// The free pages of a memory range: a tree over a bit for each page.
///
/// A leaf is a word with a bit for each page, 1 if the page is free. A node summarises the two children below it, as in a
/// buddy allocator: it covers twice their pages, and starts at a multiple of what it covers. A block, the 2 MiB of a
/// large page, is a level of the tree.
///
///     level 3                  block                                     4 KiB pages: a block has 8 leaves
///     level 2         node               node
///     level 1     node    node       node    node                       nodes[0], nodes[1], ...: level 1 first
///     leaves     word word word word word word word word                 leaves[0], leaves[1], ...
///
/// A node that became free or taken as a whole is *lazy*: what lies below it is out of date, until a visit brings it up
/// to date. Marking a run therefore takes a path of nodes at each of its ends, however long the run is, and a range of
/// any size is ready at once. Each node has all that a search compares, so a search takes one path too.
///
/// Pages are numbered from the start of the range's first block. The tree knows no addresses.
struct FreeTree {
  let leaves: UnsafeMutablePointer<UInt64>
  let nodes: UnsafeMutablePointer<FreeNode>
  let leafCount: UInt
  /// The level of the root, at least 1.
  let height: UInt
  /// A leaf has 1 << leafShift pages.
  let leafShift: UInt
  /// The level whose nodes are blocks, at least 1.
  let blockLevel: UInt
}

extension FreeTree {
  /// Pages of a leaf: a block has two leaves at least.
  @inline(__always) private static func leafShift(_ page: PageSize) -> UInt { page == .kib64 ? 4 : 6 }

  /// The tree of so many blocks, whose state starts at an address. Writes nothing. nil if the state would end behind
  /// `last`.
  init?(blocks: UInt, page: PageSize, at address: UInt, last: UInt) {
    leafShift = Self.leafShift(page)
    blockLevel = UInt(PageSize.large.shift) &- UInt(page.shift) &- leafShift
    leafCount = blocks &<< blockLevel
    height = max(1, UInt(UInt.bitWidth &- (leafCount &- 1).leadingZeroBitCount))
    let nodesAt = roundUp(address &+ leafCount &* 8, to: UInt(MemoryLayout<FreeNode>.alignment))
    // The machine has memory for a leaf per 256 KiB or more, and the sums do not wrap.
    guard leafCount &* 8 &+ (leafCount &+ height) &* UInt(MemoryLayout<FreeNode>.stride) &+ 8 <= last &- address,
      let leaves = UnsafeMutablePointer<UInt64>(bitPattern: address),
      let nodes = UnsafeMutablePointer<FreeNode>(bitPattern: nodesAt)
    else { return nil }
    self.leaves = leaves
    self.nodes = nodes
  }

  /// The address behind the tree's state.
  var end: UInt { UInt(bitPattern: row(height) + 1) }

  /// Makes every page taken.
  func initialize() { row(height).initialize(to: uniform(height, free: false)) }

  // --- Shape ---

  /// The number of nodes of a level.
  @inline(__always) func count(_ level: UInt) -> UInt { ((leafCount &- 1) &>> level) &+ 1 }

  /// The first node of a level.
  func row(_ level: UInt) -> UnsafeMutablePointer<FreeNode> {
    var row = nodes
    for below in 1..<level { row += Int(bitPattern: count(below)) }
    return row
  }

  @inline(__always) var root: UnsafeMutablePointer<FreeNode> { row(height) }

  /// Pages of a node, or of a leaf at level 0.
  @inline(__always) func span(_ level: UInt) -> UInt { 1 &<< (leafShift &+ level) }

  @inline(__always) var leafMask: UInt64 { lowBits(1 &<< leafShift) }

  @inline(__always) var pagesPerBlock: UInt { span(blockLevel) }

  /// The order of a block: it has 1 << blockOrder pages.
  @inline(__always) var blockOrder: UInt { leafShift &+ blockLevel }
}
