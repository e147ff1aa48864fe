/// The summary finds a word with free slots without looking at the words. Invariant: bit i is set exactly if
/// words[i].free is not 0.
extension UnsafeMutablePointer where Pointee == Slab {
  @inline(__always) func markFree(word: UInt) {
    if word < 64 { pointee.summary.0 |= 1 &<< UInt64(word) } else { pointee.summary.1 |= 1 &<< UInt64(word &- 64) }
  }

  @inline(__always) func markFull(word: UInt) {
    if word < 64 { pointee.summary.0 &= ~(1 &<< UInt64(word)) } else { pointee.summary.1 &= ~(1 &<< UInt64(word &- 64)) }
  }

  @inline(__always) var hasNoFreeWord: Bool { pointee.summary.0 | pointee.summary.1 == 0 }

  /// The word to open when the one opened last is used up: the same again if it has gathered a few free slots, for they
  /// are warm; else the next in turn, so that one slot that comes and goes is not reopened again and again.
  @inline(__always) func nextWord(after word: UInt) -> UInt? {
    if hasFew(pointee.words[Int(word)].free) { return firstWord(from: word &+ 1) ?? firstWord(from: 0) }
    return word
  }

  /// Fewer than four.
  @inline(__always) private func hasFew(_ slots: UInt64) -> Bool {
    let two = slots & (slots &- 1)
    let three = two & (two &- 1)
    return three & (three &- 1) == 0
  }

  /// The first word with a free slot from a word on.
  @inline(__always) private func firstWord(from word: UInt) -> UInt? {
    let low = pointee.summary.0 & ~lowBits(word)
    if low != 0 { return UInt(low.trailingZeroBitCount) }
    let high = pointee.summary.1 & ~lowBits(word > 64 ? word &- 64 : 0)
    return high == 0 ? nil : UInt(high.trailingZeroBitCount) &+ 64
  }
}
