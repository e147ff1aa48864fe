import CSlabPort

/// A line of text for stderr, made without memory.
struct TextLine {
  private var bytes = InlineArray<256, UInt8>(repeating: 0)
  private(set) var count = 0

  mutating func add(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { add(byte: text.utf8Start[index]) }
  }

  /// A C string.
  mutating func add(cString text: UnsafePointer<CChar>) {
    var index = 0
    while text[index] != 0 {
      add(byte: UInt8(bitPattern: text[index]))
      index += 1
    }
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

  /// Who writes it: " [process 4711, thread 4713]".
  mutating func addIds() {
    add(" [process ")
    add(UInt(slm_port_process_id()))
    add(", thread ")
    add(UInt(slm_port_thread_id()))
    add("]")
  }

  private mutating func add(byte: UInt8) {
    // One byte stays for the newline.
    guard count < 255 else { return }
    bytes[count] = byte
    count += 1
  }

  /// Writes it to stderr with one system call.
  mutating func write() { end { slm_port_write_error($0, $1) } }

  /// Writes it to a FILE of the C library, which may allocate.
  mutating func write(to file: UnsafeMutableRawPointer) { end { slm_port_write_file(file, $0, $1) } }

  private mutating func end(_ write: (UnsafeRawPointer, Int) -> Void) {
    bytes[count] = 10
    let length = count + 1
    withUnsafePointer(to: bytes) { write(UnsafeRawPointer($0), length) }
    count = 0
  }
}
