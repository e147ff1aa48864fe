/// A message of protobuf that is part of another: fields, each a number and a value.
///
///     field    | number * 8 + 0 | varint |   or   | number * 8 + 2 | length | bytes |
///     varint   seven bits a byte, the lowest first; bit 7 says that more follow
struct ProtoMessage {
  /// Room for the longest: 64 places and 6 numbers.
  fileprivate var bytes = InlineArray<512, UInt8>(repeating: 0)
  fileprivate var count = 0

  init() {}

  /// A ValueType: two strings, by their numbers.
  init(type: UInt, unit: UInt) {
    add(1, type)
    add(2, unit)
  }

  mutating func add(_ field: UInt, _ value: UInt) {
    add(varint: field << 3)
    add(varint: value)
  }

  /// A list of numbers, in one field.
  mutating func pack(_ field: UInt, _ count: Int, _ value: (Int) -> UInt) {
    guard count != 0 else { return }
    var length: UInt = 0
    for index in 0..<count { length += Self.length(value(index)) }
    add(varint: field << 3 | 2)
    add(varint: length)
    for index in 0..<count { add(varint: value(index)) }
  }

  private mutating func add(varint number: UInt) {
    var rest = number
    while rest >= 128 {
      add(byte: UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    add(byte: UInt8(truncatingIfNeeded: rest))
  }

  private mutating func add(byte: UInt8) {
    bytes[count] = byte
    count += 1
  }

  private static func length(_ number: UInt) -> UInt {
    var (rest, length): (UInt, UInt) = (number, 1)
    while rest >= 128 {
      rest >>= 7
      length += 1
    }
    return length
  }
}

extension SampleWriter {
  mutating func add(_ field: UInt, _ message: ProtoMessage) {
    add(varint: field << 3 | 2)
    add(varint: UInt(message.count))
    for index in 0..<message.count { add(byte: message.bytes[index]) }
  }

  mutating func add(_ field: UInt, _ text: StaticString) { add(field, text.utf8Start, text.utf8CodeUnitCount) }

  mutating func add(_ field: UInt, _ text: UnsafePointer<UInt8>, _ length: Int) {
    add(varint: field << 3 | 2)
    add(varint: UInt(length))
    add(text, length)
  }

  mutating func add(field: UInt, _ value: UInt) {
    add(varint: field << 3)
    add(varint: value)
  }

  private mutating func add(varint number: UInt) {
    var rest = number
    while rest >= 128 {
      add(byte: UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    add(byte: UInt8(truncatingIfNeeded: rest))
  }
}
