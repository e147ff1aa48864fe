/// A line of text that is put together on the stack, with numbers in columns that are aligned to the right. What does
/// not fit is left out. It needs no division of 64 bits, which a kernel of 32 bits need not have.
struct TableLine {
  private var text = InlineArray<192, CChar>(repeating: 0)
  private var length = 0

  init(_ text: StaticString) { add(text) }

  mutating func clear() { length = 0 }

  func pass(_ body: (UnsafePointer<CChar>, Int) -> Void) {
    text.span.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress, length != 0 else { return }
      body(start, length)
    }
  }

  /// Whether an escaped byte more may not fit.
  var isNearlyFull: Bool { length > text.count - 16 }

  @inline(never) mutating func add(_ text: StaticString) {
    text.withUTF8Buffer { for byte in $0 { add(byte) } }
  }

  @inline(never) mutating func add(_ character: UInt8) {
    guard length < text.count else { return }
    text[unchecked: length] = CChar(bitPattern: character)
    length &+= 1
  }

  /// A number, after as many spaces as the width asks for. A number that is too wide moves the columns after it.
  @inline(never) mutating func add(_ number: UInt64, width: Int) {
    let digits = Self.count(of: number)
    // The digits come from the back.
    let end = length &+ (width > digits || width == 0 ? max(width, digits) : digits &+ 1)
    guard end <= text.count else { return }
    while length < end { add(UInt8(ascii: " ")) }
    var (rest, place) = (number, end)
    repeat {
      let tenth = Self.tenth(of: rest)
      place &-= 1
      text[unchecked: place] = CChar(truncatingIfNeeded: rest &- tenth &* 10 &+ 48)
      rest = tenth
    } while rest != 0
  }

  mutating func add(_ number: UInt, width: Int) { add(UInt64(number), width: width) }

  /// The difference of two numbers, with its sign. Of width 0 a positive one has none, as in JSON.
  mutating func add(change new: UInt, from old: UInt, width: Int) {
    let (isLess, size) = (new < old, new < old ? old &- new : new &- old)
    let end = length &+ width &- 1 &- Self.count(of: UInt64(size))
    while length < end, length < text.count { add(UInt8(ascii: " ")) }
    if isLess || width != 0 { add(UInt8(ascii: isLess ? "-" : "+")) }
    add(UInt64(size), width: 0)
  }

  /// A byte of a JSON string.
  mutating func add(jsonByte byte: UInt8) {
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { add(UInt8(ascii: "\\")) }
    guard byte < 32 || byte > 126 else { return add(byte) }
    add("\\u00")
    add(Self.digit(byte >> 4))
    add(Self.digit(byte & 15))
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 &+ value : 87 &+ value }

  private static func count(of number: UInt64) -> Int {
    var (rest, count) = (tenth(of: number), 1)
    while rest != 0 { (rest, count) = (tenth(of: rest), count &+ 1) }
    return count
  }

  /// The number / 10, by shifts (Warren, "Hacker's Delight").
  @inline(never) private static func tenth(of number: UInt64) -> UInt64 {
    var quotient = (number &>> 1) &+ (number &>> 2)
    quotient &+= quotient &>> 4
    quotient &+= quotient &>> 8
    quotient &+= quotient &>> 16
    quotient &+= quotient &>> 32
    quotient &>>= 3
    let rest = number &- quotient &* 10
    return rest > 9 ? quotient &+ 1 : quotient
  }

  /// The part of the whole in percent, rounded down.
  static func percent(_ part: UInt, of whole: UInt) -> UInt {
    guard whole != 0 else { return 0 }
    return part <= UInt.max / 100 ? part &* 100 / whole : part / (whole / 100)
  }
}
