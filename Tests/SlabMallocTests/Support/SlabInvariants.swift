@testable import SlabMalloc

extension UnsafeMutablePointer where Pointee == Slab {
  /// The first invariant of a slab of a bin that does not hold, as text.
  func violation(in bin: BinPointer) -> String? {
    let geometry = bin.geometry
    if page != bin.pointee.page || slotSize != bin.pointee.slotSize { return "carved for another bin" }
    if slots != geometry.slotCount || UInt(pointee.wordCount) != geometry.wordCount { return "geometry" }
    if pointee.seal != ownedSeal { return "no seal" }
    if bin.pointee.quarantine != nil, pointee.state == .current || !isHardened {
      return "not as in a hardened zone"
    }
    if (pointee.state == .current) != (bin.pointee.current == self) { return "current, but not the bin's" }
    var free: UInt = 0
    for index in 0..<geometry.wordCount {
      let word = self.word(index).pointee
      if word.free & word.pending != 0 { return "word \(index): a slot is both free and pending" }
      if word.freeSlots & ~SlotWord.lowBits(geometry.slotCount - index * 64) != 0 {
        return "word \(index): slots past the last"
      }
      if bin.pointee.quarantine == nil, word.pending != 0, !isPending(word: index, in: bin) {
        return "word \(index): pending, but not the bin's"
      }
      if isPending(word: index, in: bin), bin.pointee.wordStart != slot(index * 64) {
        return "word \(index): wordStart"
      }
      free += UInt(word.free.nonzeroBitCount)
    }
    if used != geometry.slotCount - free { return "used is \(used), but \(free) slots are free" }
    if pointee.state == .current { return nil }
    let expected = state(free: free)
    return pointee.state == expected ? nil : "\(pointee.state), but with \(free) free slots it must be \(expected)"
  }

  /// The state that goes with so many free slots, unless the slab is current.
  private func state(free: UInt) -> Slab.State {
    if free == 0 { return .full }
    if free == slots { return .empty }
    return free < sparseLimit ? .sparse : .partial
  }

  private func isPending(word: UInt, in bin: BinPointer) -> Bool {
    UInt(bitPattern: bin.pointee.pending) == UInt(bitPattern: self.word(word)) + 8
  }
}
