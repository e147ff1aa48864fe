import CSlabPort

/// The slabs of one size class in one zone (jemalloc's word for it), and the word that allocation takes slots from.
///
/// Each slab of the class is in one of five states, see `Slab.State`:
/// - current: the one whose words are opened; it stays until it has no free slot;
/// - partial: first in first out, so that a slab has time to gather free slots before its turn comes;
/// - empty: last in first out, since the newest is likeliest to be in the cache;
/// - sparse: fewer than a sixteenth of its slots are free. First in first out, and last choice: when `manySparse` wait,
///   a page is taken before, if there is a provider. So a bin opens slabs that are worth it, for at most a sixteenth
/// more
///   memory;
/// - full: in no list.
struct Bin {
  /// The pending half of the word allocated from, in whatever slab; a word that is always 0 when there is none.
  var ready: UnsafeMutablePointer<UInt>
  /// The address of that word's first slot.
  var wordStart: UInt
  var slotSize: UInt
  /// How many neighbouring slots are moved to `pending` at once: a word of them, fewer if slots are large, so that a
  /// program that frees what it has just allocated stays in a few warm pages.
  var stretch: UInt8
  /// The word of the current slab that was opened last.
  var cursor: UInt8
  var index: UInt8
  var page: PageSize
  /// Slabs in `sparse`.
  var sparseCount: UInt32
  var current: SlabPointer?
  var partial: LinkedList<Slab>
  var sparse: LinkedList<Slab>
  var empty: LinkedStack<Slab>
  /// Slabs in `empty`.
  var emptyCount: UInt32
  /// So many slabs of `empty` stay in this bin: its reserve.
  var reservedPages: UInt32
  /// Where freed slots wait in a hardened zone; nil in others.
  var quarantine: QuarantinePointer?

  /// Bytes from one bin to the next: 96, or 64 on 32 bits. What every allocation reads, the first three fields, is in
  /// one cache line.
  @inline(__always) static var stride: Int {
    Int(roundUp(UInt(MemoryLayout<Bin>.size), to: 4 * UInt(MemoryLayout<UInt>.size)))
  }
  static let manySparse: UInt32 = 4
}

typealias BinPointer = UnsafeMutablePointer<Bin>

extension UnsafeMutablePointer where Pointee == Bin {
  func initialize(index: UInt8, slotSize: UInt, page: PageSize) {
    initialize(
      to: Bin(
        ready: Self.noSlots, wordStart: 0, slotSize: slotSize,
        stretch: slotSize <= 1024 ? UInt8(SlotWord.slotCount) : 16, cursor: 0,
        index: index, page: page, sparseCount: 0, current: nil, partial: LinkedList(), sparse: LinkedList(),
        empty: LinkedStack(), emptyCount: 0, reservedPages: 0, quarantine: nil))
  }

  /// How the class's pages are carved.
  var geometry: SlabGeometry {
    SlabGeometry(
      slotSize: pointee.slotSize, page: pointee.page, isGuarded: !Build.isSmall && pointee.quarantine != nil)
  }

  private static var noSlots: UnsafeMutablePointer<UInt> {
    UnsafeMutablePointer<UInt>(mutating: slm_port_no_slots())
  }

  /// The slots of the pending word; 0 if it is used up.
  @inline(__always) var readySlots: UInt { pointee.ready.pointee }

  /// Takes the first of the pending slots, of which there are some.
  @inline(__always) func claim(_ slots: UInt) -> UnsafeMutableRawPointer? {
    claim(slots, from: pointee.ready)
  }

  @inline(__always) func claim(_ slots: UInt, from ready: UnsafeMutablePointer<UInt>) -> UnsafeMutableRawPointer? {
    ready.pointee = slots & (slots &- 1)
    let index = UInt(truncatingIfNeeded: slots.trailingZeroBitCount)
    return UnsafeMutableRawPointer(bitPattern: pointee.wordStart &+ index &* pointee.slotSize)
  }

  /// Makes slots pending after the word is used up: of the current slab, else of a partial, else of an empty one.
  /// False if there is none; then a sparse one may be left.
  @inline(__always) func openNext() -> Bool {
    if let slab = pointee.current, let word = slab.nextWord(after: UInt(pointee.cursor)) {
      open(slab, word)
      return true
    }
    return openNextSlab()
  }

  /// The current slab, if there is one, has no free slot left.
  @inline(never) private func openNextSlab() -> Bool {
    if !Build.isSmall, pointee.quarantine != nil { return false }
    if let slab = pointee.current {
      pointee.current = nil
      slab.pointee.state = .full
      slab.pointee.countdown = 1
    }
    guard let next = pointee.partial.removeFirst() ?? popEmpty() else {
      pointee.ready = Self.noSlots
      return pointee.sparseCount < Bin.manySparse && openSparseSlab()
    }
    makeCurrent(next)
    return true
  }

  /// Opens a sparse slab, if there is one and nothing better.
  func openSparseSlab() -> Bool {
    guard let next = pointee.sparse.removeFirst() else { return false }
    pointee.sparseCount &-= 1
    makeCurrent(next)
    return true
  }

  /// Opens a slab that was taken from its list.
  private func makeCurrent(_ next: SlabPointer) {
    next.pointee.countdown = Int32(truncatingIfNeeded: next.used)
    next.pointee.state = .current
    pointee.current = next
    open(next, next.wordWithSlot(from: UInt(next.pointee.hint)))
  }

  @inline(__always) private func open(_ slab: SlabPointer, _ word: UInt) {
    let slots = slab.word(word)
    let free = slots.pointee.free
    let stretch = UInt(pointee.stretch)
    // The stretch of the first free slot, aligned to its length.
    let start = UInt(truncatingIfNeeded: free.trailingZeroBitCount) & ~(stretch &- 1)
    let taken = free & (SlotWord.lowBits(stretch) &<< start)
    slots.pointee = SlotWord(free: free ^ taken, ready: taken)
    slab.pointee.countdown &+= count(taken, slab)
    pointee.cursor = UInt8(truncatingIfNeeded: word)
    makeReady(slots, from: slab.slot(word &* SlotWord.slotCount))
  }

  /// Counting bits takes a while without an instruction for it, and most words are opened whole.
  @inline(__always) private func count(_ slots: UInt, _ slab: SlabPointer) -> Int32 {
    if slots == UInt.max { return Int32(SlotWord.slotCount) }
    if slots == SlotWord.lowBits(UInt(slab.pointee.slotCount)) {
      return Int32(truncatingIfNeeded: slab.pointee.slotCount)
    }
    return Int32(truncatingIfNeeded: slots.nonzeroBitCount)
  }

  /// Makes a word the one allocated from.
  @inline(__always) func makeReady(_ slots: UnsafeMutablePointer<SlotWord>, from start: UInt) {
    pointee.ready = UnsafeMutableRawPointer(slots).advanced(by: MemoryLayout<UInt>.stride)
      .assumingMemoryBound(to: UInt.self)
    pointee.wordStart = start
  }

  /// Adds a slab whose slots are all free, and which is in no list. From now on it may leave the bin, so a used-up word
  /// of it is no longer the one allocated from.
  func add(_ slab: SlabPointer) {
    if slab.hasWord(withReadyAt: pointee.ready) { pointee.ready = Self.noSlots }
    slab.pointee.state = .empty
    slab.pointee.hint = 0
    pointee.empty.push(slab)
    pointee.emptyCount &+= 1
  }

  func popEmpty() -> SlabPointer? {
    guard let slab = pointee.empty.pop() else { return nil }
    pointee.emptyCount &-= 1
    return slab
  }

  /// Takes back what the bin holds ready: pending slots are free again, and a current slab without a used slot is
  /// empty.
  @inline(never) func returnReady() {
    if readySlots != 0 {
      let slab = SlabPointer.around(pointee.wordStart, pageMask: pointee.page.mask)
      let slots = slab.word(slab.word(withReadyAt: pointee.ready))
      let count = slots.pointee.ready.nonzeroBitCount
      slots.pointee = SlotWord(free: slots.pointee.freeSlots, ready: 0)
      update(slab, used: slab.used &- UInt(truncatingIfNeeded: count))
    }
    pointee.ready = Self.noSlots
    if let slab = pointee.current, slab.pointee.countdown == 0 {
      pointee.current = nil
      add(slab)
    }
  }
}
