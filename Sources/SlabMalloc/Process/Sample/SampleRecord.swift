import CSlabPort

/// What was sampled of one size at one call stack.
struct SampleRecord {
  /// Of each object.
  var bytes: UInt
  /// What a sample adds to the bytes of the program: those of the object, times the objects that it stands for.
  var weight: UInt
  var firstFrame: UInt32
  var frames: UInt32
  /// Samples, not objects: `SampleMath.objects` tells how many they stand for.
  var allocated: UInt
  var live: UInt
  /// Live samples at the peak, if the record has changed since then; else `live` still is that number.
  var liveAtPeak: UInt
  var peak: UInt
}

/// The memory of a profile, but for its hash tables: arrays that only grow, in address space that is taken once. What
/// is not touched takes no memory.
///
///     records | frame | frame | ...       a frame is the index of a place: a stack is a row of frames
///     frames ──────────────> places       return addresses
struct SampleMemory {
  let records: UnsafeMutablePointer<SampleRecord>
  let frames: UnsafeMutablePointer<UInt32>
  let places: UnsafeMutablePointer<UInt>
  var recordCount: UInt = 0
  var frameCount: UInt = 0
  var placeCount: UInt = 0

  static var mostRecords: UInt { 1 << 16 }
  static var mostFrames: UInt { 1 << 21 }
  static var mostPlaces: UInt { 1 << 17 }
  /// Of a stack: callers further out are cut off.
  static var mostOfStack: UInt { 64 }

  /// nil if there is no address space.
  init?() {
    let recordBytes = Int(Self.mostRecords) * MemoryLayout<SampleRecord>.stride
    let frameBytes = Int(Self.mostFrames) * MemoryLayout<UInt32>.stride
    let placeBytes = Int(Self.mostPlaces) * MemoryLayout<UInt>.stride
    guard let memory = slm_port_map(recordBytes + frameBytes + placeBytes) else { return nil }
    records = memory.bindMemory(to: SampleRecord.self, capacity: Int(Self.mostRecords))
    frames = (memory + recordBytes).bindMemory(to: UInt32.self, capacity: Int(Self.mostFrames))
    places = (memory + recordBytes + frameBytes).bindMemory(to: UInt.self, capacity: Int(Self.mostPlaces))
  }
}

typealias SampleStack = InlineArray<64, UInt>
