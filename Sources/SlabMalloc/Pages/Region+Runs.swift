/// Runs of pages: any number of base pages in a row, aligned to a power of two.
extension UnsafeMutablePointer where Pointee == Region {
  /// Takes a run; nil if there is none, or if the size or the alignment is not allowed.
  func takeRun(size: UInt, alignment: UInt) -> UInt? {
    guard let pages = pages(of: size), alignment & (alignment &- 1) == 0, alignment >= pointee.page.size else {
      return nil
    }
    var next = pointee.ranges
    while let range = next {
      var first = roundUp(range.pointee.firstPage, to: alignment)
      while range.holdsRun(first, pages, base: pointee.page) {
        if areAll(range, first, pages, free: true) {
          setRun(range, first, pages, free: false)
          pointee.ledger.take(pages: pages)
          return first
        }
        first += alignment
      }
      next = range.pointee.next
    }
    return nil
  }

  /// Takes back a run or a part of one. Ignores what was not taken.
  func giveBackRun(_ address: UInt, size: UInt) {
    guard let pages = pages(of: size), address & pointee.page.mask == 0 else { return }
    var next = pointee.ranges
    while let range = next {
      if range.holdsRun(address, pages, base: pointee.page) {
        guard areAll(range, address, pages, free: false) else { return }
        setRun(range, address, pages, free: true)
        pointee.ledger.giveBack(pages: pages)
        return
      }
      next = range.pointee.next
    }
  }

  /// Resizes a run in place.
  func resizeRun(_ address: UInt, from old: UInt, to new: UInt) -> Bool {
    guard pages(of: old) != nil, pages(of: new) != nil, address & pointee.page.mask == 0 else { return false }
    if new <= old {
      if new < old { giveBackRun(address &+ new, size: old &- new) }
      return true
    }
    guard let pages = pages(of: new &- old) else { return false }
    let end = address &+ old
    var next = pointee.ranges
    while let range = next {
      if range.holdsRun(end, pages, base: pointee.page), range.holdsRun(address, 1, base: pointee.page) {
        guard areAll(range, end, pages, free: true) else { return false }
        setRun(range, end, pages, free: false)
        pointee.ledger.take(pages: pages)
        return true
      }
      next = range.pointee.next
    }
    return false
  }

  private func pages(of size: UInt) -> UInt? {
    size == 0 || size & pointee.page.mask != 0 ? nil : size &>> UInt(pointee.page.shift)
  }

  private func bit(_ range: MemoryRangePointer, _ address: UInt) -> (UnsafeMutablePointer<UInt64>, UInt64) {
    let index = (address & PageSize.large.mask) &>> UInt(pointee.page.shift)
    return (range.block(of: address).map(words: pointee.wordsPerBlock) + Int(index / 64), 1 &<< UInt64(index & 63))
  }

  private func areAll(_ range: MemoryRangePointer, _ first: UInt, _ pages: UInt, free: Bool) -> Bool {
    for index in 0..<pages {
      let (word, bit) = bit(range, first &+ index &<< UInt(pointee.page.shift))
      if (word.pointee & bit != 0) != free { return false }
    }
    return true
  }

  private func setRun(_ range: MemoryRangePointer, _ first: UInt, _ pages: UInt, free: Bool) {
    for index in 0..<pages {
      let address = first &+ index &<< UInt(pointee.page.shift)
      let (word, bit) = bit(range, address)
      let block = range.block(of: address)
      if free { word.pointee |= bit } else { word.pointee &= ~bit }
      block.pointee.hint = 0
      update(block, freePages: free ? block.pointee.freePages + 1 : block.pointee.freePages - 1)
    }
  }
}

extension UnsafeMutablePointer where Pointee == MemoryRange {
  /// Whether a run of base pages lies wholly in the range.
  func holdsRun(_ address: UInt, _ pages: UInt, base: PageSize) -> Bool {
    guard address >= pointee.firstPage else { return false }
    let index = (address &- pointee.firstPage) &>> UInt(base.shift)
    return index < pointee.pageCount && pages <= pointee.pageCount &- index
  }
}
