/// The state of as many slots as a machine word has bits: a slot is free if its bit is set in either half, never in both.
///
/// Deallocation sets bits in `free`. Allocation takes them from `pending`, a part of `free` moved over at once: so
/// neither waits for the other's last store, and both see every slot's exact state.
struct SlotWord {
  var free: UInt
  var pending: UInt

  @inline(__always) var freeSlots: UInt { free | pending }
}

/// Which word a slot is in, and which bit of it.
extension SlotWord {
  /// Slots that a word tells of: 64, or 32.
  @inline(__always) static var slotCount: UInt { UInt(UInt.bitWidth) }

  @inline(__always) static func word(ofSlot index: UInt) -> UInt { index / slotCount }

  @inline(__always) static func bit(ofSlot index: UInt) -> UInt { index % slotCount }

  /// The words that so many slots take.
  @inline(__always) static func count(forSlots slots: UInt) -> UInt { (slots + slotCount - 1) / slotCount }

  /// A half with its `count` lowest bits set; all of them from `slotCount` on.
  @inline(__always) static func lowBits(_ count: UInt) -> UInt {
    count >= slotCount ? UInt.max : (1 &<< count) &- 1
  }
}
