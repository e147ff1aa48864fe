/// The fragmentation of a region's free memory.
struct Fragmentation: Equatable {
  /// All counts but `wholeBlocks` are in base pages.
  var freePages: UInt = 0
  var largestFreeRun: UInt = 0
  var wholeBlocks: UInt = 0
}

extension UnsafeMutablePointer where Pointee == Region {
  /// Counts the free pages. Holds the lock for one block at a time, because other callers should not wait long. The
  /// counts may therefore stem from different moments.
  func fragmentation() -> Fragmentation {
    var result = Fragmentation()
    var next = pointee.ranges
    while let range = next {
      var run: UInt = 0
      for index in 0..<Int(range.pointee.blockCount) {
        pointee.lock.acquire()
        count(range.pointee.blocks + index, &run, &result)
        pointee.lock.release()
      }
      next = range.pointee.next
    }
    return result
  }

  private func count(_ block: BlockPointer, _ run: inout UInt, _ result: inout Fragmentation) {
    let free = block.pointee.freePages
    result.freePages += UInt(free)
    if free == pagesPerBlock {
      result.wholeBlocks += 1
      run += UInt(free)
      result.largestFreeRun = max(run, result.largestFreeRun)
    } else if free == 0 {
      run = 0
    } else {
      let map = block.map(words: pointee.wordsPerBlock)
      for word in 0..<Int(pointee.wordsPerBlock) {
        extend(&run, by: map[word], width: min(UInt(pagesPerBlock), 64), &result.largestFreeRun)
      }
    }
  }

  /// Continues a run of free pages through a word of a map.
  private func extend(_ run: inout UInt, by word: UInt64, width: UInt, _ largest: inout UInt) {
    var (bits, left) = (word, width)
    while left > 0 {
      let taken = min(UInt(bits.trailingZeroBitCount), left)
      if taken > 0 { run = 0 }
      bits >>= UInt64(taken)
      left -= taken
      let free = min(UInt((~bits).trailingZeroBitCount), left)
      bits >>= UInt64(free)
      left -= free
      run += free
      largest = max(run, largest)
    }
  }
}
