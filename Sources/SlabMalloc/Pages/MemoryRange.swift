/// A range of a region's memory. Its state takes its first bytes: see `Region`.
struct MemoryRange {
  var next: MemoryRangePointer?
  /// All of it, as it was given: what no other range may overlap.
  var start: UInt
  var end: UInt
  /// The pages: `pageCount` of them from `firstPage`.
  var firstPage: UInt
  var pageCount: UInt
  /// Address of the first block, a multiple of 2 MiB at or below the state.
  var firstBlock: UInt
  var blockCount: UInt
  var blocks: BlockPointer
  /// So many words for each block as `wordsPerBlock` says; bit i of a block is its i-th base page, 1 if it is free.
  var maps: UnsafeMutablePointer<UInt64>

  struct Block: Linked {
    /// List of a level.
    var next: BlockPointer?
    var previous: BlockPointer?
    let range: MemoryRangePointer
    /// Free pages now.
    var freePages: UInt16
    /// No word of the map before this one has a free page.
    var hint: UInt16
  }
}

typealias MemoryRangePointer = UnsafeMutablePointer<MemoryRange>
typealias BlockPointer = UnsafeMutablePointer<MemoryRange.Block>

extension MemoryRange {
  static func pagesPerBlock(_ page: PageSize) -> UInt { PageSize.large.size &>> UInt(page.shift) }
  static func wordsPerBlock(_ page: PageSize) -> UInt { (pagesPerBlock(page) + 63) / 64 }

  /// Whether there can be such memory. At the end of the address space, where sums would wrap, there is none.
  static func canBe(_ start: UInt, _ size: UInt) -> Bool {
    let (end, overflow) = start.addingReportingOverflow(size)
    return !overflow && start != 0 && end <= UInt.max - 2 * PageSize.large.size && size <= UInt.max / 4
  }

  /// A range from `start` to `end` whose state begins at `state`; nil if it can't hold that and one page. Nothing is
  /// written.
  init?(start: UInt, end: UInt, state: UInt, page: PageSize) {
    guard state < end else { return nil }
    self.start = start
    self.end = end
    next = nil
    // The maps cover every block the range touches: a few bytes more than the pages that are left need.
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
  /// Whether an address is where a page of the range starts and all of the page is in it.
  func holds(_ address: UInt, _ page: PageSize, base: PageSize) -> Bool {
    guard address & page.mask == 0, address >= pointee.firstPage else { return false }
    let end = pointee.firstPage &+ pointee.pageCount &<< UInt(base.shift)
    return address < end && end &- address >= page.size
  }

  @inline(__always) func block(of address: UInt) -> BlockPointer {
    pointee.blocks + Int((address &- pointee.firstBlock) &>> UInt(PageSize.large.shift))
  }

  /// Makes a block, without a free page.
  func initializeBlock(_ index: UInt) {
    (pointee.blocks + Int(index)).initialize(
      to: MemoryRange.Block(next: nil, previous: nil, range: self, freePages: 0, hint: 0))
  }

  /// Marks the pages of a block free that there are; returns how many.
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

  /// Of a word of a map, the bits that stand for the pages below a page.
  private static func bits(below page: UInt, _ word: UInt) -> UInt64 {
    page > word * 64 ? lowBits(page - word * 64) : 0
  }
}

extension UnsafeMutablePointer where Pointee == MemoryRange.Block {
  @inline(__always) var index: UInt { UInt(bitPattern: self - pointee.range.pointee.blocks) }

  @inline(__always) var address: UInt { pointee.range.pointee.firstBlock &+ index &<< UInt(PageSize.large.shift) }

  /// The first word of its map.
  @inline(__always) func map(words: UInt32) -> UnsafeMutablePointer<UInt64> {
    pointee.range.pointee.maps + Int(index &* UInt(words))
  }
}
