/// The summary finds a word with free slots without looking at the words. Invariant: bit i is set exactly if
/// words[i].free is not 0.
extension UnsafeMutablePointer where Pointee == Slab {
  @inline(__always) func markFree(word: UInt) {
    if word < 64 { pointee.summary.0 |= 1 &<< UInt64(word) } else { pointee.summary.1 |= 1 &<< UInt64(word &- 64) }
  }

  @inline(__always) func markFull(word: UInt) {
    if word < 64 { pointee.summary.0 &= ~(1 &<< UInt64(word)) } else { pointee.summary.1 &= ~(1 &<< UInt64(word &- 64)) }
  }

  /// The first word with a free slot.
  @inline(__always) var firstFreeWord: UInt? {
    if pointee.summary.0 != 0 { return UInt(pointee.summary.0.trailingZeroBitCount) }
    if pointee.summary.1 != 0 { return UInt(pointee.summary.1.trailingZeroBitCount) &+ 64 }
    return nil
  }
}
