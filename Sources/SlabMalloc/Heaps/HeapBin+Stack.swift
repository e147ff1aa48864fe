/// Where a bin's stack of ready slots lies, how it grows, and how it shrinks.
///
/// A bin whose thread has freed nothing uses the empty stack, which all bins of a heap share. Its first freed slots go
/// on a short stack: these lie side by side in the heap, so that a thread that uses few size classes costs few pages.
/// What needs more room is a block of metadata. Where there is no memory for one, the stack stays as it is.
///
///     heap:   | bins | empty | short 0 | short 1 | ... | short 48 |
///     blocks: | 15 slots |  | 31 slots |  | 63 slots |  ...  | 1023 slots |
///
///     empty ──> short ──> block ──> larger block ...
///
/// A ready slot keeps its slab, so a stack has the room that allocations make use of, and no more (slow start, as
/// tcmalloc's thread caches have it). The room doubles when a refill finds that the stack was full since the last one:
/// slots that had no room were wanted. It halves each time the heap is trimmed, and each time that the countdowns of 32
/// slabs ended while it was full: a thread that only frees is left with a short stack. The quarantine of a hardened
/// heap is as long as it gets as soon as it is full for the first time.
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
  /// The countdown of one slab ended since then: the bits above count up to 31.
  static var changedSlab: UInt8 { 8 }

  private static var slotBytes: UInt { UInt(MemoryLayout<ReadySlot>.stride) }

  /// Offsets in a heap.
  static var emptyStackOffset: UInt { UInt(HeapState.stacksOffset) }
  static func shortStackOffset(_ index: UInt) -> UInt {
    emptyStackOffset + slotBytes + index * (shortStack + 1) * slotBytes
  }

  /// Lines of metadata of a stack that is longer than a short one.
  static func stackLines(_ room: UInt) -> UInt { Metadata.roundedLines((room + 1) * slotBytes) }

  /// The next longer room after one that is full: with its bottom a stack fills its block.
  static func longer(than room: UInt) -> UInt {
    if room == 0 { return shortStack }
    var slots = 2 * shortStack
    while slots <= room + 1 { slots *= 2 }
    return slots - 1
  }

  /// The next shorter room, which is a short stack's at least.
  static func shorter(than room: UInt) -> UInt {
    var slots = 2 * shortStack
    while 2 * slots <= room { slots *= 2 }
    return slots <= room ? slots - 1 : shortStack
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

  /// Gives the stack more room. It has less than `fullStackRoom`. False if there is no memory for a longer one. Takes
  /// the lock.
  @inline(never) @discardableResult func growStack() -> Bool {
    let (most, old) = (fullStackRoom, stackRoom)
    let isHardened = pointee.heap.pool.isHardened
    let room = min(most, old > 0 && isHardened ? most : HeapBin.longer(than: old))
    guard moveStack(to: room) else { return false }
    if !isHardened {
      pointee.stackState = HeapBin.hasStack
    } else if room == most {
      pointee.stackState = UInt8(truncatingIfNeeded: most &- 1) | 1
    }
    return true
  }

  /// Gives the stack memory for another room, and moves there what is on it. False if there is none.
  private func moveStack(to room: UInt) -> Bool {
    guard let bottom = takeStack(room) else { return false }
    let (former, old, count) = (pointee.bottom, stackRoom, stackCount)
    useStack(at: bottom, room: room, count: count)
    Self.setBottom(bottom)
    (Self.ready(at: bottom) + 1).update(from: Self.ready(at: former) + 1, count: Int(count))
    giveStack(former, room: old)
    return true
  }

  /// Memory for a stack. nil if there is none.
  private func takeStack(_ room: UInt) -> UInt? {
    guard room > HeapBin.shortStack else {
      return pointee.heap.address + HeapBin.shortStackOffset(UInt(pointee.index))
    }
    let runs = pointee.heap.pool.runs
    return runs.locked { runs.takeMetadata(lines: HeapBin.stackLines(room)) }
  }

  /// Gives back the memory of a stack that is used no longer.
  private func giveStack(_ bottom: UInt, room: UInt) {
    guard room > HeapBin.shortStack else { return }
    let runs = pointee.heap.pool.runs
    runs.locked { runs.freeMetadata(bottom, lines: HeapBin.stackLines(room)) }
  }

  /// The thread ends, or the heap: nothing is ready, and the bin has the empty stack again.
  func endStack() {
    let (bottom, room) = (pointee.bottom, stackRoom)
    useEmptyStack()
    giveStack(bottom, room: room)
  }

  /// As of a bin whose thread has freed nothing. The stack of drained slabs never has room.
  func useEmptyStack() {
    let isDrain = UInt(pointee.index) == SizeClass.empty && !pointee.heap.pool.isHardened
    pointee.stackState = isDrain ? HeapBin.hasStack : 0
    useStack(at: pointee.heap.address + HeapBin.emptyStackOffset, room: 0, count: 0)
  }

  /// A refill: an allocation found the stack empty.
  @inline(__always) func growStackIfWanted() {
    guard hasBeenFull else { return }
    if stackRoom == fullStackRoom || !growStack() { pointee.stackState = HeapBin.hasStack }
  }

  /// Of a plain heap: whether the stack was full since the last refill.
  @inline(__always) private var hasBeenFull: Bool {
    pointee.stackState & (HeapBin.wasFull | 1) == HeapBin.wasFull
  }

  /// The countdown of a slab ended. A bin whose thread only frees gives up its ready slots, and half of the
  /// room for them: they would keep slabs until the next trim, and there may be none.
  func shrinkStackIfIdle() {
    guard hasBeenFull else { return }
    let (state, isIdle) = pointee.stackState.addingReportingOverflow(HeapBin.changedSlab)
    guard isIdle else { return pointee.stackState = state }
    pointee.stackState = HeapBin.hasStack
    emptyStack()
    shrinkStack()
  }

  /// Halves the room of an empty stack, but for a short one. It stays where there is no memory for a shorter one.
  func shrinkStack() {
    guard stackRoom > HeapBin.shortStack else { return }
    pointee.stackState = HeapBin.hasStack
    _ = moveStack(to: HeapBin.shorter(than: stackRoom))
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
