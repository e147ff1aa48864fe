/// Division of an offset in a page by a slot size, by a multiplication with the slot size's reciprocal.
///
/// With offset * reciprocal = index : fraction, an offset starts a slot exactly if the fraction is below the reciprocal
/// (Lemire, "Faster remainders when the divisor is a constant"). That needs a reciprocal of more bits than offset *
/// slotSize has: 32 will do in a base page, whose slots have at most a sixteenth of its size or 2 KiB, and 42 in a
/// large page, whose slots have at most half of its size.
enum Reciprocal {
  /// 2^32 / slotSize, rounded up.
  static func inBasePage(_ slotSize: UInt) -> UInt64 {
    UInt64(UInt32.max / UInt32(truncatingIfNeeded: slotSize)) &+ 1
  }

  /// 2^64 / slotSize, rounded up: the index is then the upper half of the product. On 32 bits 2^42 / slotSize, rounded
  /// up: the product then has at most 63 bits.
  static func inLargePage(_ slotSize: UInt) -> UInt64 {
    if Build.has64BitWords { return UInt64.max / UInt64(slotSize) + 1 }
    // One more than (2^42 - 1) / slotSize, whose every bit is 1. Bit by bit, because a division of 64 bits would be a
    // function of a run-time library.
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

  /// On 32 bits one multiplication of 32 by 32 bits.
  @inline(__always) static func divideInBasePage(
    _ offset: UInt, by reciprocal: UInt64
  ) -> (index: UInt, isStart: Bool) {
    let factor = Build.has64BitWords ? reciprocal : UInt64(UInt32(truncatingIfNeeded: reciprocal))
    let product = UInt64(truncatingIfNeeded: offset) &* factor
    let fraction = UInt32(truncatingIfNeeded: product)
    return (UInt(truncatingIfNeeded: product &>> 32), fraction < UInt32(truncatingIfNeeded: reciprocal))
  }

  @inline(__always) static func divideInLargePage(
    _ offset: UInt, by reciprocal: UInt64
  ) -> (index: UInt, isStart: Bool) {
    guard Build.has64BitWords else {
      let product = UInt64(truncatingIfNeeded: offset) &* reciprocal
      return (UInt(truncatingIfNeeded: product &>> 42), product & lowBits(42) < reciprocal)
    }
    let (index, fraction) = UInt64(truncatingIfNeeded: offset).multipliedFullWidth(by: reciprocal)
    return (UInt(truncatingIfNeeded: index), fraction < reciprocal)
  }
}
