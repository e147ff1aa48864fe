/// What a search needs to know of the pages that a node of a `FreeTree` covers.
///
/// A block is *whole* if every page of it exists and is free, *broken* if only some are free.
struct FreeNode {
  /// Free pages in a row: at the start, at the end, and the most.
  var prefix: UInt = 0
  var suffix: UInt = 0
  var longest: UInt = 0
  /// The properties below, which are compared together.
  var marks = Marks()

  struct Marks: Equatable {
    var bits: UInt64 = 0

    /// Below a block, the number of free pages. Else the grade of the least number of free pages that a block has, of
    /// blocks with some. 0 if no page is free.
    @inline(__always) var fewest: UInt { UInt(truncatingIfNeeded: bits & 0xFFFF) }
    /// From a block on, the grade of the most free pages in a row within one broken block. 0 if no block is broken.
    @inline(__always) var broken: UInt { UInt(truncatingIfNeeded: bits &>> 16 & 0xFFFF) }
    /// 1 + the order of the largest aligned stretch of free pages within a broken block: 1 << order pages that start at
    /// a multiple of their number. A part of a block counts as broken. 0 if there is none.
    @inline(__always) var order: UInt { UInt(truncatingIfNeeded: bits &>> 32 & 0xFF) }

    /// A block is whole.
    @inline(__always) static var hasWhole: UInt64 { 1 &<< 40 }
    /// A block was taken as a large page.
    @inline(__always) static var hasLarge: UInt64 { 1 &<< 41 }
    /// All pages are free or all are taken, and what lies below is out of date.
    @inline(__always) static var isLazy: UInt64 { 1 &<< 42 }

    @inline(__always) func has(_ mark: UInt64) -> Bool { bits & mark != 0 }
  }
}

extension FreeNode.Marks {
  @inline(__always) init(fewest: UInt, broken: UInt = 0, order: UInt = 0, flags: UInt64 = 0) {
    bits = UInt64(fewest) | UInt64(broken) &<< 16 | UInt64(order) &<< 32 | flags
  }

  /// The grade of a number above 0: four for each doubling, rounded down. It changes less often than the number, and
  /// the nodes above need no update meanwhile.
  @inline(__always) static func grade(_ number: UInt) -> UInt {
    let shifted = number &<< 2
    let log = UInt(UInt.bitWidth &- 1 &- shifted.leadingZeroBitCount)
    return log &<< 2 &+ (shifted &>> (log &- 2) & 3)
  }

  /// The least grade of which every number is at least this one.
  @inline(__always) static func grade(atLeast number: UInt) -> UInt { number <= 1 ? 1 : grade(number &- 1) &+ 1 }
}

extension UnsafeMutablePointer where Pointee == FreeTree {
  /// Makes a node's pages all free or all taken.
  @inline(never) func setUniform(_ node: UnsafeMutablePointer<FreeNode>, _ level: UInt, free: Bool) {
    let span = free ? span(level) : 0
    node.pointee.prefix = span
    node.pointee.suffix = span
    node.pointee.longest = span
    var marks = FreeNode.Marks()
    if free {
      marks =
        level < pointee.blockLevel
        ? FreeNode.Marks(fewest: span, order: pointee.leafShift &+ level &+ 1)
        : FreeNode.Marks(
          fewest: FreeNode.Marks.grade(self.span(pointee.blockLevel)), flags: FreeNode.Marks.hasWhole)
    }
    marks.bits |= FreeNode.Marks.isLazy
    node.pointee.marks = marks
  }

  /// Summarises a leaf. Returns whether the node changed.
  @inline(never) func summarize(_ leaf: UInt64, _ node: UnsafeMutablePointer<FreeNode>) -> Bool {
    // rows have a bit for each page with which 2, 4, 8, ... free pages start.
    let row1 = leaf & leaf &>> 1
    let row2 = row1 & row1 &>> 2
    let row3 = row2 & row2 &>> 4
    let row4 = row3 & row3 &>> 8
    let row5 = row4 & row4 &>> 16
    let row6 = row5 & row5 &>> 32
    var order: UInt = leaf != 0 ? 1 : 0
    order &+= row1 & multiples[1] != 0 ? 1 : 0
    order &+= row2 & multiples[2] != 0 ? 1 : 0
    order &+= row3 & multiples[3] != 0 ? 1 : 0
    order &+= row4 & multiples[4] != 0 ? 1 : 0
    order &+= row5 & multiples[5] != 0 ? 1 : 0
    order &+= row6 != 0 ? 1 : 0
    // The longest row is found bit by bit, from the highest one.
    var (length, places) = (UInt64(0), UInt64.max)
    if row6 != 0 {
      length = 64
    } else {
      lengthen(&length, &places, row5, 32)
      lengthen(&length, &places, row4, 16)
      lengthen(&length, &places, row3, 8)
      lengthen(&length, &places, row2, 4)
      lengthen(&length, &places, row1, 2)
      lengthen(&length, &places, leaf, 1)
    }
    let suffix = (~(leaf &<< (64 &- (1 &<< UInt64(pointee.leafShift))))).leadingZeroBitCount
    return set(
      node, prefix: UInt(bitPattern: (~leaf).trailingZeroBitCount), suffix: UInt(bitPattern: suffix),
      longest: UInt(truncatingIfNeeded: length),
      FreeNode.Marks(fewest: UInt(bitPattern: leaf.nonzeroBitCount), order: order))
  }

  /// Whether rows of `length` pages at these places are longer by `more`, of which `row` has the starts.
  @inline(__always) private func lengthen(
    _ length: inout UInt64, _ places: inout UInt64, _ row: UInt64, _ more: UInt64
  ) {
    let longer = places & (row &>> length)
    if longer != 0 { (places, length) = (longer, length &+ more) }
  }

  /// Summarises the two nodes below a node. Returns whether the node changed.
  @inline(__always) func combine(
    _ node: UnsafeMutablePointer<FreeNode>, _ level: UInt, _ left: UnsafeMutablePointer<FreeNode>
  ) -> Bool {
    let (right, half) = (left + 1, span(level &- 1))
    let prefix = left.pointee.prefix == half ? half &+ right.pointee.prefix : left.pointee.prefix
    let suffix = right.pointee.suffix == half ? half &+ left.pointee.suffix : right.pointee.suffix
    let longest = max(
      max(left.pointee.longest, right.pointee.longest), left.pointee.suffix &+ right.pointee.prefix)
    let (a, b) = (left.pointee.marks, right.pointee.marks)
    var order = max(a.order, b.order)
    let marks: FreeNode.Marks
    if level > pointee.blockLevel {
      marks = FreeNode.Marks(
        fewest: a.fewest &- 1 < b.fewest &- 1 ? a.fewest : b.fewest, broken: max(a.broken, b.broken), order: order,
        flags: (a.bits | b.bits) & (FreeNode.Marks.hasWhole | FreeNode.Marks.hasLarge))
    } else if level < pointee.blockLevel {
      if prefix == half &<< 1 { order = pointee.leafShift &+ level &+ 1 }
      marks = FreeNode.Marks(fewest: a.fewest &+ b.fewest, order: order)
    } else if prefix == half &<< 1 {
      marks = FreeNode.Marks(fewest: FreeNode.Marks.grade(prefix), flags: FreeNode.Marks.hasWhole)
    } else if longest == 0 {
      marks = FreeNode.Marks()
    } else {
      marks = FreeNode.Marks(
        fewest: FreeNode.Marks.grade(a.fewest &+ b.fewest), broken: FreeNode.Marks.grade(longest), order: order)
    }
    return set(node, prefix: prefix, suffix: suffix, longest: longest, marks)
  }

  @inline(__always) private func set(
    _ node: UnsafeMutablePointer<FreeNode>, prefix: UInt, suffix: UInt, longest: UInt, _ marks: FreeNode.Marks
  ) -> Bool {
    let change =
      (node.pointee.prefix ^ prefix) | (node.pointee.suffix ^ suffix) | (node.pointee.longest ^ longest)
    let isOther = change != 0 || node.pointee.marks != marks
    node.pointee.prefix = prefix
    node.pointee.suffix = suffix
    node.pointee.longest = longest
    node.pointee.marks = marks
    return isOther
  }
}

/// multiples[k] has a bit for each multiple of 2^k.
let multiples: InlineArray<7, UInt64> = [
  0xFFFF_FFFF_FFFF_FFFF, 0x5555_5555_5555_5555, 0x1111_1111_1111_1111, 0x0101_0101_0101_0101, 0x0001_0001_0001_0001,
  0x0000_0001_0000_0001, 0x0000_0000_0000_0001,
]
