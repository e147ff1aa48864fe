/// Where a bin's stack of ready slots lies, how it grows, and how it shrinks.
///
/// A heap has room for the full stacks of all its bins, and touches little of it: a thread that uses few size classes
/// costs few pages. A bin whose thread has freed nothing uses the empty stack, which all bins share. Its first freed
/// slots go on a short stack, and short stacks lie side by side. What needs more room lies in its full stack.
///
///     | bins | empty | short 0 | short 1 | ... | short 48 | full 0 | full 1 | ... |
///
///     empty ──> short ──> full          a bin whose full stack is no longer than a short one has only that
///
/// A ready slot keeps its slab, so a stack has the room that allocations make use of, and no more (slow start, as
/// tcmalloc's thread caches have it). The room doubles when a refill finds that the stack was full since the last one:
/// slots that had no room were wanted. It halves each time the heap is trimmed, and each time that 32 slabs gathered
/// slots for another list while it was full: a thread that only frees is left with a short stack. The quarantine of a
/// hardened heap is as long as it gets as soon as it is full for the first time.
///
/// Each stack starts with a bottom: a slot with address 0, which no fast path takes for a ready slot.
extension HeapBin {
  /// Slots of a short stack.
  static var shortStack: UInt { 8 }

  /// Bits of `stackState` in a plain heap. 0 says that the bin has the empty stack. The states of a hardened heap are 0
  /// and odd numbers.
  static var hasStack: UInt8 { 2 }
  /// Since the last refill a freed slot found no room.
  static var wasFull: UInt8 { 4 }
  /// One slab that gathered slots for another list since then: the bits above count up to 31.
  static var changedSlab: UInt8 { 8 }

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
    let slotSize = index == SizeClass.empty ? SizeClass.emptyStride : SizeClass.slotSize(index)
    // Only a hardened heap has objects of that class.
    let limit = index == SizeClass.empty ? quarantineLimit(slotSize) : readyLimit(slotSize)
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

  /// Slots on the stack.
  var stackCount: UInt { (pointee.top - pointee.bottom) / UInt(MemoryLayout<ReadySlot>.stride) - 1 }

  /// Gives the stack more room. It has less than `fullStackRoom`.
  @inline(never) func growStack() {
    let (most, old) = (fullStackRoom, stackRoom)
    let isHardened = pointee.heap.pool.isHardened
    let room = min(most, old == 0 ? HeapBin.shortStack : isHardened ? most : 2 * old)
    let index = UInt(pointee.index)
    let offset = room <= HeapBin.shortStack ? HeapBin.shortStackOffset(index) : HeapBin.fullStackOffset(index)
    let (first, count) = (Self.ready(at: pointee.bottom) + 1, stackCount)
    useStack(at: pointee.heap.address + offset, room: room, count: count)
    Self.setBottom(pointee.bottom)
    (Self.ready(at: pointee.bottom) + 1).update(from: first, count: Int(count))
    if !isHardened {
      pointee.stackState = HeapBin.hasStack
    } else if room == most {
      pointee.stackState = UInt8(truncatingIfNeeded: most &- 1) | 1
    }
  }

  /// A refill: an allocation found the stack empty.
  @inline(__always) func growStackIfWanted() {
    guard hasBeenFull else { return }
    if stackRoom < fullStackRoom { growStack() } else { pointee.stackState = HeapBin.hasStack }
  }

  /// Of a plain heap: whether the stack was full since the last refill.
  @inline(__always) private var hasBeenFull: Bool {
    pointee.stackState & (HeapBin.wasFull | 1) == HeapBin.wasFull
  }

  /// A slab gathered slots for another list. A bin whose thread only frees gives up its ready slots, and half of the
  /// room for them: they would keep slabs until the next trim, and there may be none.
  func shrinkStackIfIdle() {
    guard hasBeenFull else { return }
    let (state, isIdle) = pointee.stackState.addingReportingOverflow(HeapBin.changedSlab)
    guard isIdle else { return pointee.stackState = state }
    pointee.stackState = HeapBin.hasStack
    emptyStack()
    shrinkStack()
  }

  /// Halves the room of an empty stack, but for a short one.
  func shrinkStack() {
    let room = stackRoom
    guard room > HeapBin.shortStack else { return }
    useStack(at: pointee.bottom, room: max(room / 2, HeapBin.shortStack), count: 0)
    pointee.stackState = HeapBin.hasStack
  }

  func useStack(at bottom: UInt, room: UInt, count: UInt) {
    let first = bottom + UInt(MemoryLayout<ReadySlot>.stride)
    pointee.bottom = bottom
    pointee.top = first + count * UInt(MemoryLayout<ReadySlot>.stride)
    pointee.limit = first + room * UInt(MemoryLayout<ReadySlot>.stride)
  }

  static func setBottom(_ bottom: UInt) {
    // The mark of the bottom is a byte of its address, 0.
    ready(at: bottom).pointee = ReadySlot(
      address: 0, mark: UnsafeMutableRawPointer(ready(at: bottom)).assumingMemoryBound(to: UInt8.self))
  }
}
