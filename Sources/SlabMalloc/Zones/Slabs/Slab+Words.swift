extension UnsafeMutablePointer where Pointee == Slab {
  /// The word to open in a slab that is not full, when the one opened last is used up: the same again if it has
  /// gathered a few free slots, for they are warm; else the next in turn that has one, so that one slot that comes and
  /// goes is not reopened again and again. nil if no slot is free.
  @inline(__always) func nextWord(after last: UInt) -> UInt? {
    guard UInt32(truncatingIfNeeded: pointee.countdown) != pointee.slotCount else { return nil }
    if !hasFew(word(last).pointee.free) { return last }
    return wordWithSlot(from: last &+ 1 == UInt(pointee.wordCount) ? 0 : last &+ 1)
  }

  /// The first word with a free slot, from a word on and round, in a slab that has one.
  @inline(__always) func wordWithSlot(from first: UInt) -> UInt {
    var index = first
    while word(index).pointee.free == 0 { index = index &+ 1 == UInt(pointee.wordCount) ? 0 : index &+ 1 }
    return index
  }

  /// Fewer than four.
  @inline(__always) private func hasFew(_ slots: UInt) -> Bool {
    let two = slots & (slots &- 1)
    let three = two & (two &- 1)
    return three & (three &- 1) == 0
  }
}
