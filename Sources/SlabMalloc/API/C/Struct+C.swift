import CSlabmalloc

/// Structs that may have grown since the caller was compiled. Each starts with its `struct_size`, which says how much
/// the caller knows.
enum GrowingStruct {
  /// Gives as many bytes of a result as both sides know. `firstSize` is what the struct had when it was new: nobody
  /// knows less. A caller's struct that is larger keeps what lies behind.
  static func deliver<Struct>(
    _ value: Struct, to out: UnsafeMutablePointer<Struct>?, firstSize: Int = MemoryLayout<Struct>.size
  ) -> Status {
    guard let size = size(of: out), size >= firstSize, let out else { return .invalidArgument }
    // Whole fields alone, which end at words of 64 bits.
    let known = (size < MemoryLayout<Struct>.size ? size : MemoryLayout<Struct>.size) & ~7
    let header = MemoryLayout<UInt32>.size
    withUnsafeBytes(of: value) { bytes in
      guard let start = bytes.baseAddress else { return }
      UnsafeMutableRawPointer(out).advanced(by: header).copyMemory(from: start + header, byteCount: known - header)
    }
    return .ok
  }

  /// Whether a result can be given.
  static func fits<Struct>(_ out: UnsafeMutablePointer<Struct>?, firstSize: Int = MemoryLayout<Struct>.size) -> Bool {
    guard let size = size(of: out) else { return false }
    return size >= firstSize
  }

  /// Whether the bytes that this library does not know are 0: what they ask for is then nothing.
  static func isUnderstood<Struct>(_ pointer: UnsafePointer<Struct>, size: Int) -> Bool {
    guard size <= largestSize else { return false }
    let bytes = UnsafeRawPointer(pointer)
    for offset in stride(from: MemoryLayout<Struct>.size, to: size, by: 1)
    where bytes.load(fromByteOffset: offset, as: UInt8.self) != 0 { return false }
    return true
  }

  /// A struct above this size is none.
  private static var largestSize: Int { 4096 }

  private static func size<Struct>(of out: UnsafeMutablePointer<Struct>?) -> Int? {
    guard let out else { return nil }
    return Int(UnsafeRawPointer(out).load(as: UInt32.self))
  }
}
