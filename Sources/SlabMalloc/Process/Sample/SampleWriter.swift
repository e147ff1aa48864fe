import CSlabPort
import CSlabmalloc

/// Text and bytes on their way to a writer, in pieces.
struct SampleWriter {
  private let write: slm_text_writer
  private let context: UnsafeMutableRawPointer?
  private var bytes = InlineArray<1024, UInt8>(repeating: 0)
  private var count = 0

  init(_ write: slm_text_writer, _ context: UnsafeMutableRawPointer?) {
    self.write = write
    self.context = context
  }

  mutating func add(byte: UInt8) {
    if count == bytes.count { flush() }
    bytes[unchecked: count] = byte
    count += 1
  }

  mutating func add(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { add(byte: text.utf8Start[index]) }
  }

  mutating func add(_ text: UnsafePointer<UInt8>, _ length: Int) {
    for index in 0..<length { add(byte: text[index]) }
  }

  mutating func add(_ number: UInt) {
    var divisor: UInt = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor != 0 {
      add(byte: UInt8(48 + number / divisor % 10))
      divisor /= 10
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

  mutating func flush() {
    guard count != 0 else { return }
    let length = count
    count = 0
    withUnsafePointer(to: bytes) {
      write(context, UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self), length)
    }
  }
}
