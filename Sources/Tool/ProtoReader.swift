/// Fields of a protobuf message, one after the other.
struct ProtoReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  /// The bytes cannot be a message.
  private(set) var isBroken = false

  enum Value {
    case number(UInt)
    case bytes(ArraySlice<UInt8>)
  }

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// nil at the end, or where the bytes cannot be a field.
  mutating func next() -> (field: UInt, value: Value)? {
    guard position < bytes.endIndex, !isBroken else { return nil }
    guard let key = varint() else { return fail() }
    switch key & 7 {
    case 0: if let number = varint() { return (key >> 3, .number(number)) }
    case 1: if let slice = take(8) { return (key >> 3, .bytes(slice)) }
    case 2: if let length = varint(), let slice = take(length) { return (key >> 3, .bytes(slice)) }
    case 5: if let slice = take(4) { return (key >> 3, .bytes(slice)) }
    default: break
    }
    return fail()
  }

  /// The numbers of a packed field. nil if it is none.
  static func numbers(_ value: Value) -> [UInt]? {
    switch value {
    case .number(let number): return [number]
    case .bytes(let bytes):
      var reader = ProtoReader(bytes)
      var numbers: [UInt] = []
      while reader.position < bytes.endIndex {
        guard let number = reader.varint() else { return nil }
        numbers.append(number)
      }
      return numbers
    }
  }

  private mutating func fail() -> (field: UInt, value: Value)? {
    isBroken = true
    return nil
  }

  private mutating func varint() -> UInt? {
    var (number, shift): (UInt, UInt) = (0, 0)
    while position < bytes.endIndex, shift < 64 {
      let byte = bytes[position]
      position += 1
      number |= UInt(byte & 127) << shift
      if byte < 128 { return number }
      shift += 7
    }
    return nil
  }

  private mutating func take(_ length: UInt) -> ArraySlice<UInt8>? {
    guard length <= UInt(bytes.endIndex - position) else { return nil }
    defer { position += Int(length) }
    return bytes[position..<position + Int(length)]
  }
}
