/// A slot word: the state of as many slots as a machine word has bits. A slot is free if its bit is set in either half.
/// It is never set in both.
///
/// Deallocation sets bits in the free half, `free`. Allocation opens a word: it moves a part of `free` to the pending
/// half, `ready`, at once, and takes slots from there. Neither waits for the other's last store, and both see every
/// slot's exact state.
///
/// A hardened zone opens no words. Its pending halves hold the slots that are set aside: they are neither available nor
/// live.
struct SlotWord {
  var free: UInt
  var ready: UInt

  @inline(__always) var freeSlots: UInt { free | ready }

  /// The slots of a hardened zone that are in quarantine or retired.
  @inline(__always) var setAside: UInt {
    get { ready }
    set { ready = newValue }
  }
}

/// The word of a slot, and its bit in the word.
extension SlotWord {
  /// Slots in a word: 64, or 32.
  @inline(__always) static var slotCount: UInt { UInt(UInt.bitWidth) }

  @inline(__always) static func word(ofSlot index: UInt) -> UInt { index / slotCount }

  @inline(__always) static func bit(ofSlot index: UInt) -> UInt { index % slotCount }

  /// The number of words for this many slots.
  @inline(__always) static func count(forSlots slots: UInt) -> UInt { (slots + slotCount - 1) / slotCount }

  /// The number of slots in a half. It is code enough on a machine without an instruction for it.
  #if SLM_SMALL
    @inline(never)
  #else
    @inline(__always)
  #endif
  static func count(_ half: UInt) -> UInt { UInt(truncatingIfNeeded: half.nonzeroBitCount) }

  /// A half with its `count` lowest bits set. From `slotCount` on, all bits are set.
  @inline(__always) static func lowBits(_ count: UInt) -> UInt {
    count >= slotCount ? UInt.max : (1 &<< count) &- 1
  }

  /// The bits of the slots below `count` in the word whose first slot is `first`.
  static func lowBits(_ count: UInt, from first: UInt) -> UInt { count > first ? lowBits(count - first) : 0 }
}
