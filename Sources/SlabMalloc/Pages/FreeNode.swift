/// What a search needs to know of a stretch of pages that a node of a `FreeTree` covers.
///
/// A block is *whole* if every page of it exists and is free, *broken* if only some are free.
struct FreeNode: Equatable {
  /// Free pages in a row: at the start, at the end, and the most.
  var prefix: UInt
  var suffix: UInt
  var longest: UInt
  /// Up to a block, the number of free pages; above, the number of the block that has the fewest, but some. 0 if no
  /// page is free.
  var fewest: UInt16
  /// The most free pages in a row within one broken block. A part of a block counts as broken.
  var broken: UInt16
  /// 1 + the order of the largest aligned free stretch of a broken block, in which 1 << order pages start at a multiple
  /// of their number. 0 if no page of a broken block is free.
  var order: UInt8
  /// Whether a block is whole.
  var hasWhole: Bool
  /// Whether a block was taken as a large page.
  var hasLarge: Bool
  /// Whether all pages are free, or all are taken, and what lies below is out of date.
  var isLazy: Bool

  static var none: FreeNode {
    FreeNode(
      prefix: 0, suffix: 0, longest: 0, fewest: 0, broken: 0, order: 0, hasWhole: false, hasLarge: false,
      isLazy: false)
  }
}

extension FreeTree {
  /// The node of a level whose pages are all free or all taken.
  func uniform(_ level: UInt, free: Bool) -> FreeNode {
    var node = FreeNode.none
    node.isLazy = true
    guard free else { return node }
    let span = span(level)
    node.fewest = UInt16(truncatingIfNeeded: min(span, pagesPerBlock))
    guard !Build.isSmall else { return node }
    (node.prefix, node.suffix, node.longest) = (span, span, span)
    if level >= blockLevel {
      node.hasWhole = true
    } else {
      node.broken = node.fewest
      node.order = UInt8(truncatingIfNeeded: leafShift &+ level &+ 1)
    }
    return node
  }

  /// The summary of a leaf.
  func summary(_ leaf: UInt64) -> FreeNode {
    var node = FreeNode.none
    guard leaf != 0 else { return node }
    node.fewest = UInt16(truncatingIfNeeded: leaf.nonzeroBitCount)
    guard !Build.isSmall else { return node }
    let unused = 64 &- (1 &<< leafShift)
    node.prefix = UInt(bitPattern: (~leaf).trailingZeroBitCount)
    node.suffix = UInt(bitPattern: (~(leaf &<< UInt64(unused))).leadingZeroBitCount)
    // rows[k] has a bit for each page with which 2^k free pages start.
    var rows = InlineArray<7, UInt64>(repeating: 0)
    var (bits, top) = (leaf, 0)
    while bits != 0 {
      rows[unchecked: top] = bits
      if bits & Self.starts[unchecked: top] != 0 { node.order = UInt8(truncatingIfNeeded: top &+ 1) }
      guard top < 6 else { break }
      bits &= bits &>> (1 &<< UInt64(truncatingIfNeeded: top))
      top &+= 1
    }
    // The longest row is found bit by bit, from its highest one.
    var (length, starts) = (UInt64(0), UInt64.max)
    for k in stride(from: 6, through: 0, by: -1) {
      let longer = length < 64 ? starts & (rows[unchecked: k] &>> length) : 0
      if longer != 0 { (starts, length) = (longer, length &+ (1 &<< UInt64(truncatingIfNeeded: k))) }
    }
    node.longest = UInt(truncatingIfNeeded: length)
    node.broken = UInt16(truncatingIfNeeded: length)
    return node
  }

  /// starts[k] has a bit for each multiple of 2^k.
  private static var starts: InlineArray<7, UInt64> {
    [
      0xFFFF_FFFF_FFFF_FFFF, 0x5555_5555_5555_5555, 0x1111_1111_1111_1111, 0x0101_0101_0101_0101,
      0x0001_0001_0001_0001, 0x0000_0001_0000_0001, 0x0000_0000_0000_0001,
    ]
  }

  /// The node of a level above these children.
  func combine(_ left: FreeNode, _ right: FreeNode, _ level: UInt) -> FreeNode {
    var node = FreeNode.none
    let isWithinBlock = level <= blockLevel
    node.fewest =
      isWithinBlock || left.fewest == 0 || right.fewest == 0
      ? left.fewest &+ right.fewest : min(left.fewest, right.fewest)
    guard !Build.isSmall else { return node }
    let half = span(level &- 1)
    node.prefix = left.prefix == half ? half &+ right.prefix : left.prefix
    node.suffix = right.suffix == half ? half &+ left.suffix : right.suffix
    node.longest = max(max(left.longest, right.longest), left.suffix &+ right.prefix)
    if isWithinBlock {
      let isFree = node.prefix == half &<< 1
      if level == blockLevel && isFree {
        node.hasWhole = true
      } else {
        node.broken = UInt16(truncatingIfNeeded: node.longest)
        node.order = isFree ? UInt8(truncatingIfNeeded: leafShift &+ level &+ 1) : max(left.order, right.order)
      }
    } else {
      node.broken = max(left.broken, right.broken)
      node.order = max(left.order, right.order)
      node.hasWhole = left.hasWhole || right.hasWhole
      node.hasLarge = left.hasLarge || right.hasLarge
    }
    return node
  }
}
