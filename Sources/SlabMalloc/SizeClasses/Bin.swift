import CSlabPort

/// The slabs of one size class in one zone (jemalloc's word for it), and the word that allocation takes slots from.
///
/// Each slab of the class is in one of four states, see `Slab.State`:
/// - current: the one whose words are opened; it stays until it has no free slot;
/// - partial: first in first out, so that a slab has time to gather free slots before its turn comes;
/// - empty: last in first out, since the newest is likeliest to be in the cache;
/// - full: in no list.
struct Bin {
  /// The pending half of the word allocated from, in whatever slab; a word that is always 0 when there is none.
  var pending: UnsafeMutablePointer<UInt64>
  /// The address of that word's first slot.
  var wordStart: UInt
  var slotSize: UInt
  /// How many neighbouring slots are moved to `pending` at once: 64, fewer if slots are large, so that a program that
  /// frees what it has just allocated stays in a few warm pages.
  var stretch: UInt8
  /// The word of the current slab that was opened last.
  var cursor: UInt8
  var index: UInt8
  var page: PageSize
  var current: SlabPointer?
  var partial: SlabList
  var empty: SlabStack

  /// Bytes from one bin to the next: a cache line, whatever the size of a pointer.
  static let stride = 64
}

typealias BinPointer = UnsafeMutablePointer<Bin>

extension UnsafeMutablePointer where Pointee == Bin {
  func initialize(index: UInt8, slotSize: UInt, page: PageSize) {
    initialize(
      to: Bin(
        pending: Self.noSlots, wordStart: 0, slotSize: slotSize, stretch: slotSize <= 1024 ? 64 : 16, cursor: 0,
        index: index, page: page, current: nil, partial: SlabList(), empty: SlabStack()))
  }

  private static var noSlots: UnsafeMutablePointer<UInt64> {
    UnsafeMutablePointer<UInt64>(mutating: slm_port_no_slots())
  }

  /// The slots of the pending word; 0 if it is used up.
  @inline(__always) var pendingSlots: UInt64 { pointee.pending.pointee }

  /// Takes the first of the pending slots, of which there are some.
  @inline(__always) func claim(_ slots: UInt64) -> UnsafeMutableRawPointer? {
    pointee.pending.pointee = slots & (slots &- 1)
    let index = UInt(truncatingIfNeeded: slots.trailingZeroBitCount)
    return UnsafeMutableRawPointer(bitPattern: pointee.wordStart &+ index &* pointee.slotSize)
  }

  /// Makes slots pending after the word is used up: of the current slab, else of a partial, else of an empty one.
  /// False if there is none.
  func advance() -> Bool {
    while true {
      if let slab = pointee.current {
        if let word = slab.nextWord(after: UInt(pointee.cursor)) {
          open(slab, word)
          return true
        }
        slab.pointee.state = .full
      }
      guard let next = pointee.partial.removeFirst() ?? pointee.empty.pop() else {
        pointee.current = nil
        pointee.pending = Self.noSlots
        return false
      }
      next.pointee.state = .current
      pointee.current = next
      pointee.cursor = next.pointee.wordCount &- 1
    }
  }

  private func open(_ slab: SlabPointer, _ word: UInt) {
    let slots = slab.pointee.words + Int(word)
    let free = slots.pointee.free
    let stretch = UInt64(pointee.stretch)
    // The stretch of the first free slot, aligned to its length.
    let start = UInt64(free.trailingZeroBitCount) & ~(stretch &- 1)
    let taken = free & (lowBits(UInt(stretch)) &<< start)
    slots.pointee = SlotWord(free: free ^ taken, pending: taken)
    if free == taken { slab.markFull(word: word) }
    slab.pointee.used &+= Int32(truncatingIfNeeded: taken.nonzeroBitCount)
    pointee.cursor = UInt8(truncatingIfNeeded: word)
    serve(slots, from: slab.slot(word &* 64))
  }

  /// Makes a word the one allocated from.
  @inline(__always) func serve(_ slots: UnsafeMutablePointer<SlotWord>, from start: UInt) {
    pointee.pending = UnsafeMutableRawPointer(slots).advanced(by: MemoryLayout<UInt64>.stride)
      .assumingMemoryBound(to: UInt64.self)
    pointee.wordStart = start
  }

  /// Adds a slab whose slots are all free.
  func add(_ slab: SlabPointer) {
    slab.pointee.state = .empty
    pointee.empty.push(slab)
  }

  /// Takes back what the bin holds ready: pending slots are free again, and a current slab without a used slot is empty.
  func settle() {
    if pendingSlots != 0 {
      let slab = SlabPointer.around(pointee.wordStart, pageMask: pointee.page.mask)
      let word = slab.word(withPendingAt: pointee.pending)
      let slots = slab.pointee.words + Int(word)
      slab.pointee.used &-= Int32(truncatingIfNeeded: slots.pointee.pending.nonzeroBitCount)
      slots.pointee = SlotWord(free: slots.pointee.freeSlots, pending: 0)
      slab.markFree(word: word)
      gainedSlots(slab)
    }
    pointee.pending = Self.noSlots
    if let slab = pointee.current, slab.pointee.used == 0 {
      pointee.current = nil
      add(slab)
    }
  }

  /// Stops allocating from a slab that leaves the bin.
  func forget(_ slab: SlabPointer) {
    if slab.hasWord(withPendingAt: pointee.pending) { pointee.pending = Self.noSlots }
  }
}
