/// The state of as many slots as a machine word has bits. A slot is free if its bit is set in either half, never in
/// both.
///
/// Deallocation sets bits in `free`. Allocation opens a word: it moves a part of `free` over to `ready` at once, and
/// takes slots from there. Neither waits for the other's last store, and both see every slot's exact state.
///
/// Nothing of a hardened zone is opened. There the same half holds the slots that are set aside: neither available nor
/// live.
struct SlotWord {
  var free: UInt
  var ready: UInt

  @inline(__always) var freeSlots: UInt { free | ready }

  /// Slots of a hardened zone that are in quarantine or retired.
  @inline(__always) var setAside: UInt {
    get { ready }
    set { ready = newValue }
  }
}

/// Which word a slot is in, and which bit of it.
extension SlotWord {
  /// Slots in a word: 64, or 32.
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
