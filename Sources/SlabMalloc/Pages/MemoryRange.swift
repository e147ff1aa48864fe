/// A range of a region's memory. Its first bytes hold its own state: see `Region` for the drawing. The rest is pages,
/// and each block of 2 MiB has a map of its free pages.
struct MemoryRange {
  var next: MemoryRangePointer?
  /// The whole range as the caller gave it. No other range may overlap it.
  var start: UInt
  var end: UInt
  /// The pages: `pageCount` of them, from `firstPage`.
  var firstPage: UInt
  var pageCount: UInt
  /// Address of the first block, a multiple of 2 MiB at or below the state.
  var firstBlock: UInt
  var blockCount: UInt
  var blocks: BlockPointer
  /// The free maps, `wordsPerBlock` words for each block. Bit i of a block's map is 1 if the block's i-th base page is
  /// free.
  var maps: UnsafeMutablePointer<UInt64>

  struct Block: Linked {
    /// Links of a level's stack.
    var next: BlockPointer?
    var previous: BlockPointer?
    let range: MemoryRangePointer
    /// The current number of free pages.
    var freePages: UInt16
    /// No map word before this one has a free page.
    var hint: UInt16
  }
}

typealias MemoryRangePointer = UnsafeMutablePointer<MemoryRange>
typealias BlockPointer = UnsafeMutablePointer<MemoryRange.Block>

extension MemoryRange {
  static func pagesPerBlock(_ page: PageSize) -> UInt { PageSize.large.size &>> UInt(page.shift) }
  static func wordsPerBlock(_ page: PageSize) -> UInt { (pagesPerBlock(page) + 63) / 64 }

  /// Whether memory can exist there. The end of the address space is excluded, because sums would wrap there.
  static func canBe(_ start: UInt, _ size: UInt) -> Bool {
    let (end, overflow) = start.addingReportingOverflow(size)
    return !overflow && start != 0 && end <= UInt.max - 2 * PageSize.large.size && size <= UInt.max / 4
  }

  /// A range from `start` to `end` whose state begins at `state`; nil if the range cannot hold its state and one page.
  /// Writes nothing.
  init?(start: UInt, end: UInt, state: UInt, page: PageSize) {
    guard state < end else { return nil }
    self.start = start
    self.end = end
    next = nil
    // The maps cover every block that the range touches. This takes a few bytes more than the remaining pages need.
    firstBlock = state & ~PageSize.large.mask
    blockCount = (end &- firstBlock &+ PageSize.large.mask) &>> UInt(PageSize.large.shift)
    let blocksAt = state &+ UInt(MemoryLayout<MemoryRange>.stride)
    let mapsAt = roundUp(blocksAt &+ blockCount * UInt(MemoryLayout<Block>.stride), to: 8)
    firstPage = roundUp(mapsAt &+ blockCount * Self.wordsPerBlock(page) * 8, to: page.size)
    guard firstPage < end, end &- firstPage >= page.size, let blocks = BlockPointer(bitPattern: blocksAt),
      let maps = UnsafeMutablePointer<UInt64>(bitPattern: mapsAt)
    else { return nil }
    pageCount = (end &- firstPage) &>> UInt(page.shift)
    self.blocks = blocks
    self.maps = maps
  }
}

extension UnsafeMutablePointer where Pointee == MemoryRange {
  /// Whether a page of the range starts at an address and lies wholly in the range.
  func holds(_ address: UInt, _ page: PageSize, base: PageSize) -> Bool {
    guard address & page.mask == 0, address >= pointee.firstPage else { return false }
    let end = pointee.firstPage &+ pointee.pageCount &<< UInt(base.shift)
    return address < end && end &- address >= page.size
  }

  @inline(__always) func block(of address: UInt) -> BlockPointer {
    pointee.blocks + Int((address &- pointee.firstBlock) &>> UInt(PageSize.large.shift))
  }

  /// Makes a block without free pages.
  func initializeBlock(_ index: UInt) {
    (pointee.blocks + Int(index)).initialize(
      to: MemoryRange.Block(next: nil, previous: nil, range: self, freePages: 0, hint: 0))
  }

  /// Marks the existing pages of a block as free; returns their number.
  func fill(_ index: UInt, page: PageSize) -> UInt16 {
    let words = MemoryRange.wordsPerBlock(page)
    let start = pointee.firstBlock &+ index &<< UInt(PageSize.large.shift)
    let pagesEnd = pointee.firstPage &+ pointee.pageCount &<< UInt(page.shift)
    let first = pointee.firstPage > start ? (pointee.firstPage &- start) &>> UInt(page.shift) : 0
    let last = pagesEnd > start ? (pagesEnd &- start) &>> UInt(page.shift) : 0
    var count = 0
    for word in 0..<words {
      let bits = Self.bits(below: last, word) & ~Self.bits(below: first, word)
      (pointee.maps + Int(index * words + word)).initialize(
        to: bits & lowBits(MemoryRange.pagesPerBlock(page)))
      count += (bits & lowBits(MemoryRange.pagesPerBlock(page))).nonzeroBitCount
    }
    return UInt16(truncatingIfNeeded: count)
  }

  /// The bits in a word of a map that stand for the pages below `page`.
  private static func bits(below page: UInt, _ word: UInt) -> UInt64 {
    page > word * 64 ? lowBits(page - word * 64) : 0
  }
}

extension UnsafeMutablePointer where Pointee == MemoryRange.Block {
  @inline(__always) var index: UInt { UInt(bitPattern: self - pointee.range.pointee.blocks) }

  @inline(__always) var address: UInt { pointee.range.pointee.firstBlock &+ index &<< UInt(PageSize.large.shift) }

  /// The first word of the block's map.
  @inline(__always) func map(words: UInt32) -> UnsafeMutablePointer<UInt64> {
    pointee.range.pointee.maps + Int(index &* UInt(words))
  }
}
