import CSlabmalloc

/// Structs that may have grown since the caller was compiled. Each starts with its `struct_size`, which states how much
/// the caller knows.
enum GrowingStruct {
  /// Copies the bytes of a result that both sides know. `firstSize` is the size of the struct's first version, and no
  /// caller has a smaller one. The bytes of a larger struct beyond this library's stay as they are.
  static func deliver<Struct>(
    _ value: Struct, to out: UnsafeMutablePointer<Struct>?, firstSize: Int = MemoryLayout<Struct>.size
  ) -> Status {
    guard let size = size(of: out), size >= firstSize, let out else { return .invalidArgument }
    // Copies whole fields only. Each field ends at a multiple of 64 bits.
    let known = (size < MemoryLayout<Struct>.size ? size : MemoryLayout<Struct>.size) & ~7
    let header = MemoryLayout<UInt32>.size
    withUnsafeBytes(of: value) { bytes in
      guard let start = bytes.baseAddress else { return }
      UnsafeMutableRawPointer(out).advanced(by: header).copyMemory(from: start + header, byteCount: known - header)
    }
    return .ok
  }

  /// Fills a copy of the caller's struct with the body, and delivers it.
  static func fill<Struct>(
    _ out: UnsafeMutablePointer<Struct>?, firstSize: Int, _ body: (inout Struct) -> Void
  ) -> Status {
    guard let out, var value = read(UnsafePointer(out), firstSize: firstSize) else { return .invalidArgument }
    body(&value)
    return deliver(value, to: out, firstSize: firstSize)
  }

  /// A copy of the bytes of a caller's struct that both sides know. The rest is 0. nil if the struct is too small.
  static func read<Struct>(_ pointer: UnsafePointer<Struct>, firstSize: Int) -> Struct? {
    let size = Int(UnsafeRawPointer(pointer).load(as: UInt32.self))
    guard size >= firstSize else { return nil }
    return withUnsafeTemporaryAllocation(of: Struct.self, capacity: 1) { copy in
      let bytes = UnsafeMutableRawPointer(copy.baseAddress.unsafelyUnwrapped)
      bytes.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<Struct>.size)
      bytes.copyMemory(from: pointer, byteCount: min(size, MemoryLayout<Struct>.size))
      return copy[0]
    }
  }

  /// Whether the struct is large enough for a result.
  static func fits<Struct>(_ out: UnsafeMutablePointer<Struct>?, firstSize: Int = MemoryLayout<Struct>.size) -> Bool {
    guard let size = size(of: out) else { return false }
    return size >= firstSize
  }

  /// Whether the bytes that this library does not know are 0: such bytes request nothing.
  static func isUnderstood<Struct>(_ pointer: UnsafePointer<Struct>, size: Int) -> Bool {
    guard size <= largestSize else { return false }
    let bytes = UnsafeRawPointer(pointer)
    for offset in stride(from: MemoryLayout<Struct>.size, to: size, by: 1)
    where bytes.load(fromByteOffset: offset, as: UInt8.self) != 0 { return false }
    return true
  }

  /// A struct above this size is refused.
  private static var largestSize: Int { 4096 }

  private static func size<Struct>(of out: UnsafeMutablePointer<Struct>?) -> Int? {
    guard let out else { return nil }
    return Int(UnsafeRawPointer(out).load(as: UInt32.self))
  }
}
