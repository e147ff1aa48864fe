/// A buffer out of which base and large pages are carved. Its state takes the buffer's first bytes.
///
///     buffer            first page boundary                                        end
///     | Region | blocks | free maps | page | page | page | ... | page | rest |
///
/// A block is an aligned stretch of 2 MiB of the address space that the pages touch; the first and the last may be
/// partial. Each block has a count and a map of its free pages, 1 = free.
/// Equation: freePages = sum over blocks of block.freePages = bits set in the maps.
struct Region {
  var lock: Lock
  /// Links the mmap provider's arenas.
  var next: RegionPointer?
  var previous: RegionPointer?
  /// The pages: `pageCount` of them from `firstPage`.
  var firstPage: UInt
  var pageCount: UInt
  var freePages: UInt
  var page: PageSize
  /// Address of the first block, a multiple of 2 MiB at or below `firstPage`.
  var firstBlock: UInt
  var blockCount: UInt
  var blocks: UnsafeMutablePointer<Block>
  /// `wordsPerBlock` words for each block; bit i of a block is its i-th base page.
  var maps: UnsafeMutablePointer<UInt64>
  var wordsPerBlock: UInt
  var ledger: Ledger

  struct Block {
    /// Free pages now.
    var freePages: UInt32
    /// The word of its map in which to look first for a free page.
    var hint: UInt32
  }
}

typealias RegionPointer = UnsafeMutablePointer<Region>

extension UnsafeMutablePointer where Pointee == Region {
  /// Makes a region of a buffer; nil if it can't hold the state and one page.
  static func make(buffer: UInt, size: UInt, page: PageSize) -> RegionPointer? {
    let (end, overflow) = buffer.addingReportingOverflow(size)
    let address = roundUp(buffer, to: UInt(MemoryLayout<Region>.alignment))
    // At the end of the address space, where the sums below would wrap, there is no memory.
    guard !overflow, buffer != 0, address >= buffer, end <= UInt.max - 2 * PageSize.large.size, size <= UInt.max / 4
    else {
      return nil
    }
    // The maps cover every block the buffer touches: a few bytes more than the pages that are left need.
    let firstBlock = address & ~PageSize.large.mask
    let blockCount = (end &- firstBlock &+ PageSize.large.mask) &>> 21
    let pagesPerBlock = PageSize.large.size &>> UInt(page.shift)
    let wordsPerBlock = (pagesPerBlock + 63) / 64
    let blocksAt = address &+ UInt(MemoryLayout<Region>.stride)
    let mapsAt = blocksAt &+ blockCount * UInt(MemoryLayout<Region.Block>.stride)
    let firstPage = roundUp(mapsAt &+ blockCount * wordsPerBlock * 8, to: page.size)
    guard firstPage < end, end &- firstPage >= page.size,
      let region = RegionPointer(bitPattern: address),
      let blocks = UnsafeMutablePointer<Region.Block>(bitPattern: blocksAt),
      let maps = UnsafeMutablePointer<UInt64>(bitPattern: mapsAt)
    else { return nil }
    let pageCount = (end &- firstPage) &>> UInt(page.shift)
    region.initialize(
      to: Region(
        lock: Lock(), next: nil, previous: nil, firstPage: firstPage, pageCount: pageCount, freePages: pageCount,
        page: page, firstBlock: firstBlock, blockCount: blockCount, blocks: blocks, maps: maps,
        wordsPerBlock: wordsPerBlock, ledger: Ledger()))
    region.fillMaps()
    return region
  }

  private func fillMaps() {
    for block in 0..<Int(pointee.blockCount) {
      pointee.blocks[block] = Region.Block(freePages: 0, hint: 0)
    }
    for word in 0..<Int(pointee.blockCount * pointee.wordsPerBlock) { pointee.maps[word] = 0 }
    var address = pointee.firstPage
    for _ in 0..<pointee.pageCount {
      setFree(address)
      address &+= pointee.page.size
    }
  }

  @inline(__always) private func block(of address: UInt) -> Int {
    Int((address &- pointee.firstBlock) &>> 21)
  }

  /// The map word of a base page, and its bit.
  @inline(__always) private func place(_ address: UInt) -> (word: UnsafeMutablePointer<UInt64>, bit: UInt64) {
    let index = (address & PageSize.large.mask) &>> UInt(pointee.page.shift)
    let word = UInt(block(of: address)) * pointee.wordsPerBlock + index / 64
    return (pointee.maps + Int(word), 1 &<< UInt64(index & 63))
  }

  private func setFree(_ address: UInt) {
    let (word, bit) = place(address)
    word.pointee |= bit
    pointee.blocks[block(of: address)].freePages += 1
  }

  /// Whether an address is where a page of the region starts and all of the page is in the region.
  func holds(_ address: UInt, _ page: PageSize) -> Bool {
    guard address & page.mask == 0, address >= pointee.firstPage else { return false }
    let end = pointee.firstPage &+ pointee.pageCount &<< UInt(pointee.page.shift)
    return address < end && end &- address >= page.size
  }

  private func isFree(_ address: UInt) -> Bool {
    let (word, bit) = place(address)
    return word.pointee & bit != 0
  }

  /// A page, or nil if none of that size is left.
  func take(_ page: PageSize) -> UInt? {
    guard let address = page.isLarge ? takeBlock() : page == pointee.page ? takePage() : nil else { return nil }
    pointee.ledger.take(page)
    return address
  }

  /// Takes a page back. What is not a page that was taken is ignored: there is nobody to tell.
  func giveBack(_ address: UInt, _ page: PageSize) {
    guard holds(address, page), page.isLarge || page == pointee.page else { return }
    var step: UInt = 0
    while step < page.size {
      if isFree(address &+ step) { return }
      step &+= pointee.page.size
    }
    step = 0
    while step < page.size {
      setFree(address &+ step)
      step &+= pointee.page.size
    }
    pointee.blocks[block(of: address)].hint = 0
    pointee.freePages &+= page.size &>> UInt(pointee.page.shift)
    pointee.ledger.giveBack(page)
  }

  /// A base page, out of the block with the fewest free ones, so that whole blocks stay whole.
  private func takePage() -> UInt? {
    var best = -1
    for block in 0..<Int(pointee.blockCount) {
      let free = pointee.blocks[block].freePages
      if free != 0 && (best < 0 || free < pointee.blocks[best].freePages) { best = block }
    }
    guard best >= 0 else { return nil }
    var word = UInt(pointee.blocks[best].hint)
    let map = pointee.maps + best * Int(pointee.wordsPerBlock)
    while map[Int(word)] == 0 { word += 1 }
    let bit = UInt(map[Int(word)].trailingZeroBitCount)
    map[Int(word)] &= map[Int(word)] &- 1
    pointee.blocks[best].hint = UInt32(word)
    pointee.blocks[best].freePages -= 1
    pointee.freePages -= 1
    return pointee.firstBlock &+ UInt(best) &<< 21 &+ (word * 64 + bit) &<< UInt(pointee.page.shift)
  }

  private var pagesPerBlock: UInt32 { UInt32(PageSize.large.size &>> UInt(pointee.page.shift)) }

  private func takeBlock() -> UInt? {
    for block in 0..<Int(pointee.blockCount) where pointee.blocks[block].freePages == pagesPerBlock {
      let map = pointee.maps + block * Int(pointee.wordsPerBlock)
      for word in 0..<Int(pointee.wordsPerBlock) { map[word] = 0 }
      pointee.blocks[block].freePages = 0
      pointee.freePages -= UInt(pagesPerBlock)
      return pointee.firstBlock &+ UInt(block) &<< 21
    }
    return nil
  }

  /// How many pages of a size could be taken now.
  func available(_ page: PageSize) -> UInt {
    guard page.isLarge else { return page == pointee.page ? pointee.freePages : 0 }
    var count: UInt = 0
    for block in 0..<Int(pointee.blockCount) where pointee.blocks[block].freePages == pagesPerBlock { count += 1 }
    return count
  }

  /// Whether every page is back.
  @inline(__always) var isWhole: Bool { pointee.freePages == pointee.pageCount }
}
