import CSlabPort
import CSlabmalloc

/// Text and bytes on their way to a writer, in pieces.
struct SampleWriter: TextSink {
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

  mutating func add(_ text: UnsafePointer<UInt8>, _ length: Int) {
    for index in 0..<length { add(byte: text[index]) }
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
