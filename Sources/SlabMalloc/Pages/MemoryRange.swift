/// A range of a region's memory. Its first bytes hold its own state, with a tree of the free pages: see `Region` for
/// the drawing. The rest is pages.
///
/// Addresses are compared by differences, and the range is kept by its last byte: the byte behind it may be address 0.
struct MemoryRange {
  var next: MemoryRangePointer?
  /// The whole range as the caller gave it. No other range may overlap it.
  let start: UInt
  let last: UInt
  /// Address of the first block, a multiple of 2 MiB at or below the state. The tree numbers pages from here.
  let firstBlock: UInt
  /// The pages: `pageCount` of them, from `firstPage`.
  let firstPage: UInt
  let pageCount: UInt
  var tree: FreeTree
}

typealias MemoryRangePointer = UnsafeMutablePointer<MemoryRange>

extension MemoryRange {
  /// Whether memory can exist there. In hosted builds the upper half of the address space is the system's.
  static func canBe(_ start: UInt, _ size: UInt) -> Bool {
    guard start != 0, size == 0 || size &- 1 <= UInt.max &- start else { return false }
    guard Build.isHosted && Build.has64BitWords && size != 0 else { return true }
    return (start &+ (size &- 1)) &>> 56 == 0
  }

  /// A range whose state begins at `state`; nil if the range cannot hold its state and one page. Writes nothing.
  ///
  /// The last page of the address space is left out, because the address behind it would be 0.
  init?(start: UInt, last: UInt, state: UInt, page: PageSize) {
    let afterPages = last == UInt.max ? ~page.mask : (last &+ 1) & ~page.mask
    guard start <= state, state < afterPages else { return nil }
    firstBlock = state & ~PageSize.large.mask
    let blocks = (afterPages &- 1 &- firstBlock) &>> UInt(PageSize.large.shift) &+ 1
    let tree = roundUp(state &+ UInt(MemoryLayout<MemoryRange>.stride), to: 8)
    guard tree > state, tree < afterPages, let free = FreeTree(blocks: blocks, page: page, at: tree, limit: afterPages)
    else { return nil }
    self.start = start
    self.last = last
    self.tree = free
    next = nil
    firstPage = roundUp(free.end, to: page.size)
    pageCount = (afterPages &- firstPage) &>> UInt(page.shift)
    guard pageCount > 0 else { return nil }
  }
}

extension UnsafeMutablePointer where Pointee == MemoryRange {
  @inline(__always) var free: FreeTreePointer {
    withUnsafeMutablePointer(to: &pointee.tree) { $0 }
  }

  /// The number of a page in the tree.
  @inline(__always) func index(_ address: UInt, _ page: PageSize) -> UInt {
    (address &- pointee.firstBlock) &>> UInt(page.shift)
  }

  /// The address of a page of the tree.
  @inline(__always) func address(_ index: UInt, _ page: PageSize) -> UInt {
    pointee.firstBlock &+ index &<< UInt(page.shift)
  }

  /// Whether `pages` pages of the range start at an address, which must be a multiple of the page size.
  @inline(__always) func holds(_ address: UInt, _ pages: UInt, _ page: PageSize) -> Bool {
    let first = (address &- pointee.firstPage) &>> UInt(page.shift)
    return address >= pointee.firstPage && first < pointee.pageCount && pages <= pointee.pageCount &- first
  }
}
