import CSlabmalloc

// Structs of the caller that a call of a heap or of the process fills. `GrowingStruct` does the same for zones.
//
// Such a struct starts with its size in the caller's header. A later version may add fields at its end. A caller that
// was compiled with an older header passes a smaller struct and gets the fields that it knows.

/// The sizes of the structs in 0.3.0. Smaller structs are refused.
enum FirstSizes {
  static var heapUsage: UInt32 { 48 }
  static var processUsage: UInt32 { 96 }
  static var processOptions: UInt32 { 16 }
  static var classStatistics: UInt32 { 48 }
}

/// Fills a copy of a caller's struct, and copies back the fields that the caller knows.
func fill<Struct>(
  _ out: UnsafeMutablePointer<Struct>?, smallest: UInt32, _ body: (inout Struct) -> Void
) -> Status {
  guard let out, let size = known(out, smallest: smallest) else { return .invalidArgument }
  var copy = read(out, size)
  body(&copy)
  withUnsafePointer(to: copy) { UnsafeMutableRawPointer(out).copyMemory(from: $0, byteCount: size) }
  return .ok
}

/// The number of bytes of a struct that both the caller and this library know. nil if it is below every version's size.
func known<Struct>(_ pointer: UnsafePointer<Struct>, smallest: UInt32) -> Int? {
  let size = UnsafeRawPointer(pointer).load(as: UInt32.self)
  return size < smallest ? nil : min(Int(size), MemoryLayout<Struct>.size)
}

/// A copy of the first bytes of a struct. The rest is 0.
func read<Struct>(_ pointer: UnsafePointer<Struct>, _ size: Int) -> Struct {
  withUnsafeTemporaryAllocation(of: Struct.self, capacity: 1) { copy in
    let bytes = UnsafeMutableRawPointer(copy.baseAddress.unsafelyUnwrapped)
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<Struct>.size)
    bytes.copyMemory(from: pointer, byteCount: size)
    return copy[0]
  }
}
