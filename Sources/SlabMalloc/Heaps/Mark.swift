/// What a byte of `PageRun.marks` says of a slot.
///
///     free, fresh ──> used ──> free              by the owner
///                      └─────> remote            by any other thread, with one atomic operation whose result
///                                                decides whether this is a double free
///              remote ──────> free               by the owner, when it collects
///                     used <──> sampled          by whoever has the object, see `HeapState+Sampled`
///
/// A hardened slab has one more step, used -> clearing -> remote, and its owner's step from used to free is an atomic
/// operation too.
enum Mark {
  /// No slot: past the last one.
  static let none: UInt8 = 0
  static let free: UInt8 = 1 | freeBit
  /// Free, and all its bytes are 0.
  static let fresh: UInt8 = 2 | freeBit
  /// A bit of the marks of free slots, and of no others.
  static let freeBit: UInt8 = 0x40
  static let used: UInt8 = 3
  /// Used, and in the heap profile. No fast path takes it for used: its deallocation leaves the fast path.
  static let sampled: UInt8 = used | sampledBit
  /// A used mark has it if the object is sampled.
  static let sampledBit: UInt8 = 4
  /// Of a hardened slab: about to become remote.
  static let clearing: UInt8 = 4
  /// Of a hardened slab: written to while it was free. It is never handed out again.
  static let retired: UInt8 = 5
  /// Freed by a thread that does not own the slab. The only mark with this bit.
  static let remote: UInt8 = 0x80

  /// Whether a program holds the slot.
  static func isUsed(_ mark: UInt8) -> Bool { mark & ~sampledBit == used }
}
