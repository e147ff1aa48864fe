/// What takes text byte by byte, and thereby words and numbers: a line for stderr, or a writer of a profile.
protocol TextSink {
  mutating func add(byte: UInt8)
}

extension TextSink {
  mutating func add(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { add(byte: text.utf8Start[index]) }
  }

  mutating func add(_ number: UInt, width: Int = 0) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var length = 0
    var rest = number
    repeat {
      digits[length] = UInt8(48 + rest % 10)
      rest /= 10
      length += 1
    } while rest != 0
    for _ in 0..<max(0, width - length) { add(byte: 32) }
    while length > 0 {
      length -= 1
      add(byte: digits[length])
    }
  }

  mutating func add(hex number: UInt) {
    add("0x")
    var shift = number == 0 ? 0 : (UInt.bitWidth - 1 - number.leadingZeroBitCount) / 4 * 4
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: number >> UInt(shift)) & 15
      add(byte: digit < 10 ? 48 + digit : 87 + digit)
      shift -= 4
    }
  }
}
