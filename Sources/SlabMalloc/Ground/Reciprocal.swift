/// Divides an offset in a slab by a slot size: one multiplication by the slot size's reciprocal replaces the division.
/// Every deallocation checks its pointer in this way.
///
/// Let offset * reciprocal = index : fraction. An offset starts a slot exactly if the fraction is below the reciprocal
/// (Lemire, "Faster remainders when the divisor is a constant"). The reciprocal needs more bits than offset * slotSize.
/// A slab has at most 2 MiB, and a slot at most half of that: 42 bits suffice.
enum Reciprocal {
  /// 2^64 / slotSize, rounded up: the upper half of the product is the index. On 32 bits 2^42 / slotSize, rounded up:
  /// the product has at most 63 bits.
  static func of(_ slotSize: UInt) -> UInt64 {
    if Build.has64BitWords { return UInt64.max / UInt64(slotSize) + 1 }
    // One more than (2^42 - 1) / slotSize, a dividend whose every bit is 1. The loop divides bit by bit, because a
    // division of 64 bits would call a function of a run-time library.
    var quotient: UInt64 = 0
    var rest: UInt = 0
    for _ in 0..<42 {
      rest = rest &<< 1 | 1
      quotient &<<= 1
      if rest >= slotSize {
        rest &-= slotSize
        quotient |= 1
      }
    }
    return quotient &+ 1
  }

  @inline(__always) static func divide(_ offset: UInt, by reciprocal: UInt64) -> (index: UInt, isStart: Bool) {
    guard Build.has64BitWords else {
      let product = UInt64(truncatingIfNeeded: offset) &* reciprocal
      return (UInt(truncatingIfNeeded: product &>> 42), product & lowBits(42) < reciprocal)
    }
    let (index, fraction) = UInt64(truncatingIfNeeded: offset).multipliedFullWidth(by: reciprocal)
    return (UInt(truncatingIfNeeded: index), fraction < reciprocal)
  }
}
