import CSlabPort

/// A line of text for stderr, made without memory.
struct TextLine: TextSink {
  private var bytes = InlineArray<256, UInt8>(repeating: 0)
  private(set) var count = 0

  /// A C string.
  mutating func add(cString text: UnsafePointer<CChar>) {
    var index = 0
    while text[index] != 0 {
      add(byte: UInt8(bitPattern: text[index]))
      index += 1
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

  mutating func add(byte: UInt8) {
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
