/// The order in which the words of a slab are opened.
extension UnsafeMutablePointer where Pointee == Slab {
  /// The next word to open in a slab, after the latest word is used up; nil if no slot is free. If the latest word has
  /// gathered a few free slots it is opened again, because they are warm. Otherwise the next word in turn with a free
  /// slot follows, because a single slot that is allocated and freed would make the same word open again and again.
  @inline(__always) func nextWord(after last: UInt) -> UInt? {
    guard UInt32(truncatingIfNeeded: pointee.countdown) != pointee.slotCount else { return nil }
    if !hasFew(word(last).pointee.free) { return last }
    return wordWithSlot(from: last &+ 1 == UInt(pointee.wordCount) ? 0 : last &+ 1)
  }

  /// The first word with a free slot, from a word on and around. The slab must have one.
  @inline(__always) func wordWithSlot(from first: UInt) -> UInt {
    var index = first
    while word(index).pointee.free == 0 { index = index &+ 1 == UInt(pointee.wordCount) ? 0 : index &+ 1 }
    return index
  }

  /// Whether there are fewer than four.
  @inline(__always) private func hasFew(_ slots: UInt) -> Bool {
    let two = slots & (slots &- 1)
    let three = two & (two &- 1)
    return three & (three &- 1) == 0
  }
}
