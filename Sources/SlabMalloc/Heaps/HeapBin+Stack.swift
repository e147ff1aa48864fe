/// Where a bin's stack of ready slots lies, and how it grows.
///
/// A heap has room for the full stacks of all its bins, and touches little of it: a thread that uses few size classes
/// costs few pages. A bin whose thread has freed nothing uses the empty stack, which all bins share. Its first freed
/// slots go on a short stack, and short stacks lie side by side. A bin that needs more gets its full stack, and keeps
/// it.
///
///     | bins | empty | short 0 | short 1 | ... | short 48 | full 0 | full 1 | ... |
///
///     empty ──> short ──> full          a bin whose full stack is no longer than a short one has only that
///
/// Each stack starts with a bottom: a slot with address 0, which no fast path takes for a ready slot.
extension HeapBin {
  /// Slots of a short stack.
  static var shortStack: UInt { 8 }

  private static var slotBytes: UInt { UInt(MemoryLayout<ReadySlot>.stride) }

  /// Offsets in a heap.
  static var emptyStackOffset: UInt { UInt(HeapState.stacksOffset) }
  static func shortStackOffset(_ index: UInt) -> UInt {
    emptyStackOffset + slotBytes + index * (shortStack + 1) * slotBytes
  }
  static func fullStackOffset(_ index: UInt) -> UInt {
    var offset = shortStackOffset(SizeClass.count)
    for smaller in 0..<index { offset += fullStackBytes(smaller) }
    return offset
  }

  private static func fullStackBytes(_ index: UInt) -> UInt {
    let limit = readyLimit(SizeClass.slotSize(index))
    return limit > shortStack ? (limit + 1) * slotBytes : 0
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// The room of the stack, in slots.
  var stackRoom: UInt { (pointee.limit - pointee.bottom) / UInt(MemoryLayout<ReadySlot>.stride) - 1 }

  /// The room of the bin's full stack: of ready slots, or of a hardened heap's quarantine.
  var fullStackRoom: UInt {
    pointee.heap.pool.isHardened
      ? HeapBin.quarantineLimit(pointee.slotSize) : HeapBin.readyLimit(pointee.slotSize)
  }

  /// Whether the stack is as long as it gets.
  @inline(__always) var hasFullStack: Bool { pointee.quarantineMask != 0 }

  /// Moves a stack that is full to a longer one. The bin must not have its full stack.
  @inline(never) func growStack() {
    let (most, heap) = (fullStackRoom, pointee.heap)
    let room = stackRoom == 0 ? min(most, HeapBin.shortStack) : most
    let index = UInt(pointee.index)
    let offset = room <= HeapBin.shortStack ? HeapBin.shortStackOffset(index) : HeapBin.fullStackOffset(index)
    let (old, used) = (Self.ready(at: pointee.bottom), stackRoom)
    useStack(at: heap.address + offset, room: room, used: used)
    Self.setBottom(pointee.bottom)
    (Self.ready(at: pointee.bottom) + 1).update(from: old + 1, count: Int(used))
    if room == most { pointee.quarantineMask = UInt8(truncatingIfNeeded: most &- 1) | 1 }
  }

  func useStack(at bottom: UInt, room: UInt, used: UInt) {
    let first = bottom + UInt(MemoryLayout<ReadySlot>.stride)
    pointee.bottom = bottom
    pointee.top = first + used * UInt(MemoryLayout<ReadySlot>.stride)
    pointee.limit = first + room * UInt(MemoryLayout<ReadySlot>.stride)
  }

  static func setBottom(_ bottom: UInt) {
    // The mark of the bottom is a byte of its address, 0.
    ready(at: bottom).pointee = ReadySlot(
      address: 0, mark: UnsafeMutableRawPointer(ready(at: bottom)).assumingMemoryBound(to: UInt8.self))
  }
}
