/// Pages in and out. The cost does not depend on the size of the region, but giving back takes a step for each range.
extension UnsafeMutablePointer where Pointee == Region {
  /// Takes a page; nil if none of that size is left.
  func take(_ page: PageSize) -> UInt? {
    guard let address = page.isLarge ? takeBlock() : page == pointee.page ? takePage() : nil else { return nil }
    pointee.ledger.take(page)
    return address
  }

  /// A base page from one of the most fragmented blocks: every other block with a free page has at least half as many
  /// free pages.
  private func takePage() -> UInt? {
    guard pointee.levelMask != 0, let block = pointee.levels[pointee.levelMask.trailingZeroBitCount].first else {
      return nil
    }
    let map = block.map(words: pointee.wordsPerBlock)
    var word = Int(block.pointee.hint)
    while map[word] == 0 { word += 1 }
    let bit = UInt(map[word].trailingZeroBitCount)
    map[word] &= map[word] &- 1
    block.pointee.hint = UInt16(truncatingIfNeeded: word)
    update(block, freePages: block.pointee.freePages - 1)
    return block.address &+ (UInt(word) * 64 + bit) &<< UInt(pointee.page.shift)
  }

  private func takeBlock() -> UInt? {
    guard let block = pointee.levels[level(pagesPerBlock)].first else { return nil }
    setAll(block, free: false)
    update(block, freePages: 0)
    return block.address
  }

  /// Takes back a page. Ignores an address that is no page taken from the region, because there is nobody to report to.
  func giveBack(_ address: UInt, _ page: PageSize) {
    guard page.isLarge || page == pointee.page, let range = range(of: address, page) else { return }
    let block = range.block(of: address)
    if page.isLarge {
      guard block.pointee.freePages == 0 else { return }
      setAll(block, free: true)
      update(block, freePages: pagesPerBlock)
    } else {
      let index = (address & PageSize.large.mask) &>> UInt(page.shift)
      let word = block.map(words: pointee.wordsPerBlock) + Int(index / 64)
      let bit: UInt64 = 1 &<< UInt64(index & 63)
      guard word.pointee & bit == 0 else { return }
      word.pointee |= bit
      if index / 64 < block.pointee.hint { block.pointee.hint = UInt16(truncatingIfNeeded: index / 64) }
      update(block, freePages: block.pointee.freePages + 1)
    }
    pointee.ledger.giveBack(page)
  }

  private func range(of address: UInt, _ page: PageSize) -> MemoryRangePointer? {
    var candidate = pointee.ranges
    while let range = candidate, !range.holds(address, page, base: pointee.page) { candidate = range.pointee.next }
    return candidate
  }

  /// Marks all pages of a whole block as free or taken.
  private func setAll(_ block: BlockPointer, free: Bool) {
    let map = block.map(words: pointee.wordsPerBlock)
    for word in 0..<Int(pointee.wordsPerBlock) { map[word] = free ? lowBits(UInt(pagesPerBlock)) : 0 }
    block.pointee.hint = 0
  }

  /// The number of pages of a size that could be taken now.
  func available(_ page: PageSize) -> UInt {
    page.isLarge ? pointee.wholeBlocks : page == pointee.page ? pointee.freePages : 0
  }
}

/// Blocks, ordered by their number of free pages.
extension UnsafeMutablePointer where Pointee == Region {
  @inline(__always) var pagesPerBlock: UInt16 {
    UInt16(truncatingIfNeeded: MemoryRange.pagesPerBlock(pointee.page))
  }

  /// The level of a number of free pages above 0.
  @inline(__always) private func level(_ freePages: UInt16) -> Int {
    UInt16.bitWidth &- 1 &- freePages.leadingZeroBitCount
  }

  /// Records a block's new number of free pages and moves the block to the level of that number.
  @inline(never) func update(_ block: BlockPointer, freePages new: UInt16) {
    let old = block.pointee.freePages
    block.pointee.freePages = new
    pointee.freePages = pointee.freePages &+ UInt(new) &- UInt(old)
    if old == pagesPerBlock { pointee.wholeBlocks -= 1 }
    if new == pagesPerBlock { pointee.wholeBlocks += 1 }
    guard old == 0 || new == 0 || level(old) != level(new) else { return }
    if old != 0 { unlink(block, level(old)) }
    if new != 0 { link(block, level(new)) }
  }

  private func link(_ block: BlockPointer, _ level: Int) {
    pointee.levels[level].push(block)
    pointee.levelMask |= 1 &<< UInt32(level)
  }

  private func unlink(_ block: BlockPointer, _ level: Int) {
    pointee.levels[level].remove(block)
    if pointee.levels[level].first == nil { pointee.levelMask &= ~(1 &<< UInt32(level)) }
  }
}
