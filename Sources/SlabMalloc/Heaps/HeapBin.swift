import CSlabPort

/// A freed slot that a bin holds ready, and its mark.
struct ReadySlot {
  /// 0 at the bottom of a stack.
  var address: UInt
  var mark: UnsafeMutablePointer<UInt8>
}

extension UnsafeMutablePointer where Pointee == ReadySlot {
  /// A slot: false at the bottom, whose mark is a byte of its address, 0.
  @inline(__always) var isSlot: Bool { pointee.mark.pointee == Mark.free }
}

/// The slabs of one size class in a heap.
///
/// A freed slot goes on the stack of ready slots, and the next allocation takes it from there, last in first out. When
/// the stack is full, the slot becomes available in its slab's words. When it is empty, an allocation takes one of the
/// *pending* slots: those of one word of the current slab that were opened for allocation. When none is pending, a
/// *refill* opens the next word, or makes another slab current.
///
///     freed ──> ready ──────────────────────────────> allocated
///         └───> available ── refill ──> pending ──┘
///
/// Lists: `partial`, first in first out, so that slabs gather free slots; `sparse`, slabs with fewer available slots
/// than their `threshold`, which are opened only when there is no memory for a new slab. A slab without available
/// slots, ready slots and remote frees is given up: it has no owner and is in no list, and a thread that frees a slot
/// of it adopts it.
struct HeapBin {
  /// One past the newest ready slot.
  var top: UInt
  /// Where the stack is full, see HeapBin+Stack.
  var limit: UInt
  /// Slots of a word of the current slab, opened for allocation.
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
  /// Slots and pages of a full slab.
  var slotCount: UInt16
  var pages: UInt16
  /// Pages of the next slab, see HeapBin+Slabs.
  var nextPages: UInt16
  var index: UInt8
  /// See HeapBin+Stack. Of a hardened heap 0 until the bin has its full stack, and then one less than its slots, which
  /// are a power of two: the mask for an entry of the quarantine.
  var stackState: UInt8
  /// The next random number, see `HeapBin+Hardened`.
  var random: UInt64

  /// Bytes from one bin to the next: two cache lines, the first of which every allocation reads.
  static let stride = 128

  /// The most ready slots that a bin holds: 1023 up to 256 bytes, and of larger ones 48 KiB, but 32 or half a slab's.
  static func readyLimit(_ slotSize: UInt) -> UInt {
    slotSize <= 256 ? 1023 : max((48 << 10) / slotSize, min(32, slotCount(slotSize) / 2))
  }

  /// Slots in a hardened heap's quarantine, a power of two: about 32 KiB of them, but 32 to 128, and no more than half
  /// a slab's. Fewer than ready slots, since they stay there.
  static func quarantineLimit(_ slotSize: UInt) -> UInt {
    let limit = min(max(min((32 << 10) / slotSize, 128), 32), slotCount(slotSize) / 2)
    return 1 << UInt(UInt.bitWidth - 1 - limit.leadingZeroBitCount)
  }
}

typealias HeapBinPointer = UnsafeMutablePointer<HeapBin>

extension HeapBinPointer {
  /// The bin of a run that is no slab, or that nobody owns: zeros, and no heap's.
  static var nobodys: HeapBinPointer { slm_port_no_bin_address().assumingMemoryBound(to: HeapBin.self) }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  func initialize(index: UInt8, heap: HeapPointer) {
    // What a plain heap never uses, a hardened one has for objects without bytes, see `EmptyObjects`.
    let isOfEmptyObjects = UInt(index) == SizeClass.empty && heap.pool.isHardened
    let slotSize = isOfEmptyObjects ? SizeClass.emptyStride : SizeClass.slotSize(UInt(index))
    let slotCount = HeapBin.slotCount(slotSize)
    let pages = HeapBin.pages(slotSize)
    initialize(
      to: HeapBin(
        top: 0, limit: 0, pending: 0, wordStart: 0,
        wordMarks: raw.assumingMemoryBound(to: UInt8.self), slotSize: slotSize, current: nil, heap: heap,
        partial: LinkedList(), sparse: LinkedList(), bottom: 0,
        reciprocal: isOfEmptyObjects ? 0 : UInt.max / slotSize + 1,
        slotCount: UInt16(slotCount), pages: UInt16(pages), nextPages: UInt16(pages),
        index: index, stackState: 0, random: 0))
    startSmall()
    useEmptyStack()
  }

  /// A slot of the stack.
  @inline(__always) static func ready(at address: UInt) -> UnsafeMutablePointer<ReadySlot> {
    unsafeBitCast(UnsafeMutablePointer<ReadySlot>(bitPattern: address), to: UnsafeMutablePointer<ReadySlot>.self)
  }

  /// Whether a slot is ready. What a hardened bin has on its stack is in quarantine.
  var hasReady: Bool { !isStackEmpty && !pointee.heap.pool.isHardened }

  @inline(__always) var isStackEmpty: Bool {
    pointee.top == pointee.bottom &+ UInt(MemoryLayout<ReadySlot>.stride)
  }
}
