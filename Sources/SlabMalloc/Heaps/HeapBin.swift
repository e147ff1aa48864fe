import CSlabPort

/// A freed slot that a bin holds ready, its slab, and its mark.
struct ReadySlot {
  /// 0 at the bottom of a stack.
  var address: UInt
  var run: RunPointer
  var mark: UnsafeMutablePointer<UInt8>
}

extension UnsafeMutablePointer where Pointee == ReadySlot {
  /// A slot: false at the bottom, whose mark is a byte of its address, 0.
  @inline(__always) var isSlot: Bool { pointee.mark.pointee == Mark.free }
}

/// The slabs of one size class in a heap.
///
/// A slot that is freed goes on the stack of ready slots, and the next allocation takes it from there, last in first out. What the
/// stack has no room for becomes available in its slab's words; an allocation that finds the stack empty takes from the current
/// slab's words.
///
/// Lists: `partial`, first in first out, so that slabs gather free slots; `sparse`, slabs with fewer than `threshold`
/// available slots, which are opened only when there is no memory for a new slab. A slab without available slots, ready slots
/// and remote frees is given up: it has no owner and is in no list, and whoever frees a slot of it adopts it.
struct HeapBin {
  /// One past the newest ready slot.
  var top: UInt
  /// Where the stack is full.
  var limit: UInt
  /// Slots taken out of a word of the current slab, to allocate from.
  var pending: UInt64
  /// The address of that word's first slot.
  var wordStart: UInt
  /// The mark of that word's first slot.
  var wordMarks: UnsafeMutablePointer<UInt8>
  var slotSize: UInt
  var current: RunPointer?
  var heap: HeapPointer
  var partial: LinkedList<PageRun>
  var sparse: LinkedList<PageRun>
  /// The bottom of the stack: a slot 0.
  var bottom: UInt
  var reciprocal: UInt
  var slotCount: UInt16
  var threshold: UInt16
  var pages: UInt16
  var index: UInt8
  /// One less than the slots that a hardened heap's quarantine holds, a power of two.
  var quarantineMask: UInt8
  /// The next random number, see `HeapBin+Hardened`.
  var random: UInt64

  /// Bytes from one bin to the next: two cache lines, the first of which every allocation reads.
  static let stride = 128

  /// Ready slots that a bin holds: 32 KiB of them, but 32 to 512, and no more than half a slab's, so that taking those of an empty
  /// slab off the stack costs little for each of its frees.
  static func readyLimit(_ slotSize: UInt) -> UInt {
    min(max(min((32 << 10) / slotSize, 512), 32), slotCount(slotSize) / 2)
  }

  /// Slots in a hardened heap's quarantine: fewer, as each of them keeps its slab from going.
  static func quarantineLimit(_ slotSize: UInt) -> UInt {
    let limit = min(readyLimit(slotSize), 128)
    return 1 << UInt(UInt.bitWidth - 1 - limit.leadingZeroBitCount)
  }

  /// Pages of a slab: at least 64 slots up to 16 KiB, and 15 for the largest. Pages that are not touched take no memory.
  static func pages(_ slotSize: UInt) -> UInt {
    if slotSize <= 512 { return 1 }
    if slotSize <= 1024 { return 2 }
    if slotSize <= 2048 { return 4 }
    if slotSize <= 8192 { return 8 }
    return slotSize <= 64 << 10 ? 16 : 32
  }

  static func slotCount(_ slotSize: UInt) -> UInt { pages(slotSize) << PageRun.pageShift / slotSize }
}

typealias HeapBinPointer = UnsafeMutablePointer<HeapBin>

extension HeapBinPointer {
  /// The bin of a run that is no slab, or whose owner nobody is: its heap is none, and no thread's.
  static var nobodys: HeapBinPointer { slm_port_no_heap_address().assumingMemoryBound(to: HeapBin.self) }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  func initialize(index: UInt8, heap: HeapPointer, bottom: UInt) {
    let slotSize = SizeClass.slotSize(UInt(index))
    let pages = HeapBin.pages(slotSize)
    let slotCount = HeapBin.slotCount(slotSize)
    let first = bottom + UInt(MemoryLayout<ReadySlot>.stride)
    let limit =
      heap.pointee.process.isHardened ? HeapBin.quarantineLimit(slotSize) : HeapBin.readyLimit(slotSize)
    // A sixteenth of a slab.
    let threshold = slotCount < 32 ? 1 : slotCount / 16
    initialize(
      to: HeapBin(
        top: first, limit: first + limit * UInt(MemoryLayout<ReadySlot>.stride),
        pending: 0, wordStart: 0, wordMarks: raw.assumingMemoryBound(to: UInt8.self), slotSize: slotSize,
        current: nil, heap: heap,
        partial: LinkedList(), sparse: LinkedList(), bottom: bottom, reciprocal: UInt.max / slotSize + 1,
        slotCount: UInt16(slotCount), threshold: UInt16(threshold), pages: UInt16(pages), index: index,
        quarantineMask: UInt8(truncatingIfNeeded: limit &- 1), random: 0))
    // Its mark is a byte of the 0.
    Self.ready(at: bottom).pointee = ReadySlot(
      address: 0, run: RunPointer.at(bottom),
      mark: UnsafeMutableRawPointer(Self.ready(at: bottom)).assumingMemoryBound(to: UInt8.self))
  }

  /// A slot of the stack.
  @inline(__always) static func ready(at address: UInt) -> UnsafeMutablePointer<ReadySlot> {
    unsafeBitCast(UnsafeMutablePointer<ReadySlot>(bitPattern: address), to: UnsafeMutablePointer<ReadySlot>.self)
  }

  @inline(__always) var isStackEmpty: Bool {
    pointee.top == pointee.bottom &+ UInt(MemoryLayout<ReadySlot>.stride)
  }

  /// Lines of metadata that a slab of this class takes: its marks, then its words.
  var metadataLines: UInt {
    Self.markLines(UInt(pointee.slotCount)) + Metadata.lines((UInt(pointee.slotCount) + 63) / 64 * 8)
  }
  static func markLines(_ slotCount: UInt) -> UInt { Metadata.lines(slotCount) }

  /// Takes the available slots of a word of the current slab, to allocate from. None are pending.
  func serve(_ run: RunPointer) {
    let word = run.nextWord()
    let slots = run.pointee.words[word]
    run.pointee.words[word] = 0
    run.pointee.available &-= UInt32(truncatingIfNeeded: slots.nonzeroBitCount)
    pointee.pending = slots
    pointee.wordMarks = run.pointee.marks + word * 64
    pointee.wordStart = run.pointee.start &+ UInt(bitPattern: word) &* 64 &* pointee.slotSize
  }

  /// Puts a slab where its numbers say. It is this bin's, not current, and in the list that `place` names.
  func place(_ run: RunPointer) {
    let place: PageRun.Place = run.pointee.available >= UInt32(pointee.threshold) ? .partial : .sparse
    run.pointee.shortfall = place == .partial ? UInt32.max : UInt32(pointee.threshold) &- run.pointee.available
    guard place != run.pointee.place else { return }
    unlist(run)
    run.pointee.place = place
    if place == .partial { pointee.partial.append(run) } else { pointee.sparse.append(run) }
  }

  /// Takes a slab out of its list.
  func unlist(_ run: RunPointer) {
    switch run.pointee.place {
    case .partial: pointee.partial.remove(run)
    case .sparse: pointee.sparse.remove(run)
    case .current:
      returnPending(run)
      run.pointee.used &-= 1
      pointee.current = nil
    case .full: break
    }
    run.pointee.place = .full
  }

  /// Makes what is left of the current slab's pending slots available again.
  private func returnPending(_ run: RunPointer) {
    guard pointee.pending != 0 else { return }
    run.pointee.words[(pointee.wordMarks - run.pointee.marks) / 64] |= pointee.pending
    run.pointee.available &+= UInt32(truncatingIfNeeded: pointee.pending.nonzeroBitCount)
    pointee.pending = 0
  }

  /// Takes a slab's slots off the stack, as its memory goes. The newest take their places.
  func dropReady(of run: RunPointer) {
    let size = UInt(MemoryLayout<ReadySlot>.stride)
    var top = pointee.top
    var next = top
    let first = pointee.bottom + size
    while next != first {
      next -= size
      if Self.ready(at: next).pointee.run != run { continue }
      top -= size
      Self.ready(at: next).pointee = Self.ready(at: top).pointee
    }
    pointee.top = top
  }
}
