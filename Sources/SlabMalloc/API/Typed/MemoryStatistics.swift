import CSlabmalloc

/// What an allocator holds, as one value that prints itself.
public struct MemoryStatistics: Equatable, Sendable {
  /// Objects that were allocated and not yet deallocated; nil where nobody counts them, as in an arena.
  public let objects: Int?
  /// Their bytes, counted by slot, and by run or page for large ones.
  public let bytesLive: Int
  /// Bytes of the pages or chunks that are held, with an object or without.
  public let bytesHeld: Int
  /// The most that `bytesHeld` ever was; nil where it is not known.
  public let bytesPeak: Int?
  /// The limits in force, in bytes held; nil for none.
  public let softLimit: UInt64?
  public let hardLimit: UInt64?

  init(
    objects: Int?, bytesLive: Int, bytesHeld: Int, bytesPeak: Int?, softLimit: UInt64 = 0, hardLimit: UInt64 = 0
  ) {
    self.objects = objects
    self.bytesLive = bytesLive
    self.bytesHeld = bytesHeld
    self.bytesPeak = bytesPeak
    self.softLimit = softLimit == 0 ? nil : softLimit
    self.hardLimit = hardLimit == 0 ? nil : hardLimit
  }

  init(_ c: slm_statistics) {
    self.init(
      objects: Int(c.slots_live), bytesLive: Int(c.bytes_live), bytesHeld: Int(c.bytes_held),
      bytesPeak: Int(c.bytes_peak), softLimit: c.soft_limit, hardLimit: c.hard_limit)
  }
}

extension MemoryStatistics: CustomStringConvertible {
  /// As `3 objects with 96 bytes in 65536 (peak 131072, soft limit 1048576, hard limit 2097152)`.
  public var description: String {
    var notes = ""
    if let bytesPeak { notes = "peak \(bytesPeak)" }
    if let softLimit { notes += "\(notes.isEmpty ? "" : ", ")soft limit \(softLimit)" }
    if let hardLimit { notes += "\(notes.isEmpty ? "" : ", ")hard limit \(hardLimit)" }
    let what = objects.map { "\($0) object\($0 == 1 ? "" : "s") with " } ?? ""
    return "\(what)\(bytesLive) bytes in \(bytesHeld)\(notes.isEmpty ? "" : " (\(notes))")"
  }
}
