import CSlabPort

/// A bin: the slabs of one size class in one zone, and the word from which allocation takes slots. The word "bin" is
/// jemalloc's.
///
/// Slabs of a class may differ in size: a provider that gives runs gives `slabBytes` at once, and a single page, pushed
/// or the last that a provider has, is a slab as well if it holds a slot.
///
/// A bin opens slabs one after the other. When it opens a word of the current slab, free slots of the word become
/// ready, and allocations take them without touching the slab's descriptor. Each slab of the class is in one of five
/// states, see `Slab.State`:
///
/// - current: the slab whose words are opened. It stays current until it has no free slot;
/// - partial: first in, first out, because a slab needs time to gather free slots before its turn comes;
/// - empty: last in, first out, because the newest is most likely in the cache;
/// - sparse: fewer than an eighth of its slots are free. First in, first out, and the last choice: if `manySparse`
///   slabs wait, the bin takes a page first, if there is a provider. The slabs that a bin opens therefore have many
///   free slots, for at most an eighth more memory;
/// - full: in no list.
struct Bin {
  /// The ready half of the word that allocations take from, in any slab. Without such a word, a word that is always 0.
  var ready: UnsafeMutablePointer<UInt>
  /// The address of that word's first slot.
  var wordStart: UInt
  var slotSize: UInt
  /// The number of neighbouring slots that become ready at once: a whole word of them, or fewer if slots are large. A
  /// program that frees its latest allocations stays in a few warm pages this way. In a hardened zone see Quarantine.
  var stretch: UInt8
  /// The latest opened word of the current slab.
  var cursor: UInt8
  var index: UInt8
  /// Slabs that the bin has taken from the provider, counted up to `SlabGeometry.manyPulled`.
  var pulled: UInt8
  /// Bytes of a slab that the bin takes from the provider after that many. The slabs before are smaller.
  var slabBytes: UInt32
  var current: SlabPointer?
  var partial: LinkedList<Slab>
  var sparse: LinkedList<Slab>
  var empty: LinkedStack<Slab>
  /// Slabs in `empty`, and their slots.
  var emptyCount: UInt32
  var emptySlots: UInt32
  /// The reserve: slabs of `empty` with this many slots stay in the bin.
  var reservedSlots: UInt32
  /// The distance from the bin to its quarantine; 0 if the zone is not hardened.
  var quarantineOffset: UInt16
  /// The bin keeps at most this many empty slabs, and its reserve. The others go back to the provider.
  var mostEmpty: UInt16

  /// Bytes from one bin to the next: 96, or 64 on 32 bits. Every allocation reads the first three fields, and these lie
  /// in one cache line.
  @inline(__always) static var stride: Int {
    Int(roundUp(UInt(MemoryLayout<Bin>.size), to: 4 * UInt(MemoryLayout<UInt>.size)))
  }
  static let manySparse = 4

  /// The most empty slabs of this many bytes that a bin keeps: 128, or 16 MiB.
  static func mostEmpty(slabBytes: UInt) -> UInt16 {
    UInt16(truncatingIfNeeded: min(128, max(1, (16 << 20) / slabBytes)))
  }
}

typealias BinPointer = UnsafeMutablePointer<Bin>

extension UnsafeMutablePointer where Pointee == Bin {
  func initialize(index: UInt8, slotSize: UInt, slabBytes: UInt) {
    initialize(
      to: Bin(
        ready: Self.noSlots, wordStart: 0, slotSize: slotSize,
        stretch: slotSize <= 1024 ? UInt8(SlotWord.slotCount) : 16, cursor: 0,
        index: index, pulled: 0, slabBytes: UInt32(truncatingIfNeeded: slabBytes), current: nil,
        partial: LinkedList(), sparse: LinkedList(), empty: LinkedStack(), emptyCount: 0, emptySlots: 0,
        reservedSlots: 0, quarantineOffset: 0, mostEmpty: Bin.mostEmpty(slabBytes: slabBytes)))
  }

  /// The carving of a slab of the size that the bin takes from the provider.
  var geometry: SlabGeometry { geometry(bytes: UInt(pointee.slabBytes)) }

  /// The carving of a slab of any size.
  func geometry(bytes: UInt, lodgers: UInt = 0) -> SlabGeometry {
    SlabGeometry(slotSize: pointee.slotSize, bytes: bytes, isGuarded: isHardened, lodgers: lodgers)
  }

  /// Whether the bin has more empty slabs than it keeps.
  @inline(__always) var hasManyEmpty: Bool { pointee.emptyCount > pointee.mostEmpty }

  @inline(__always) var isHardened: Bool { !Build.isSmall && pointee.quarantineOffset != 0 }

  private static var noSlots: UnsafeMutablePointer<UInt> {
    UnsafeMutablePointer<UInt>(mutating: slm_port_no_slots())
  }

  /// The slots of the ready word; 0 if it is used up.
  @inline(__always) var readySlots: UInt { pointee.ready.pointee }

  /// Takes the first ready slot. There must be one.
  @inline(__always) func claim(_ slots: UInt) -> UnsafeMutableRawPointer? {
    claim(slots, from: pointee.ready)
  }

  @inline(__always) func claim(_ slots: UInt, from ready: UnsafeMutablePointer<UInt>) -> UnsafeMutableRawPointer? {
    ready.pointee = slots & (slots &- 1)
    let index = UInt(truncatingIfNeeded: slots.trailingZeroBitCount)
    return UnsafeMutableRawPointer(bitPattern: pointee.wordStart &+ index &* pointee.slotSize)
  }

  /// Makes slots ready after the word is used up: slots of the current slab, else of a partial, else of an empty one.
  /// False if there is none; the caller may still open a sparse slab.
  #if SLM_SMALL
    @inline(never)
  #else
    @inline(__always)
  #endif
  func openNext() -> Bool { openCurrent() || openNextSlab() }

  /// Makes slots of the current slab ready; false if it has none, or if there is no current slab.
  @inline(__always) func openCurrent() -> Bool {
    guard let slab = pointee.current, let word = slab.nextWord(after: UInt(pointee.cursor)) else { return false }
    open(slab, word)
    return true
  }

  /// Opens the next slab. The current slab, if there is one, must have no free slot.
  @inline(never) private func openNextSlab() -> Bool {
    if isHardened { return false }
    if let slab = pointee.current {
      pointee.current = nil
      slab.pointee.state = .full
      slab.pointee.countdown = 1
    }
    guard let next = pointee.partial.removeFirst() ?? popEmpty() else {
      pointee.ready = Self.noSlots
      return !hasManySparse && openSparseSlab()
    }
    makeCurrent(next)
    return true
  }

  /// Opens a sparse slab; false if there is none. Callers use it when there is nothing better.
  func openSparseSlab() -> Bool {
    guard let next = pointee.sparse.removeFirst() else { return false }
    makeCurrent(next)
    return true
  }

  private var hasManySparse: Bool {
    var slab = pointee.sparse.first
    for _ in 1..<Bin.manySparse { slab = slab?.pointee.next }
    return slab != nil
  }

  /// Makes a slab current and opens its first word. The slab must be in no list.
  private func makeCurrent(_ next: SlabPointer) {
    next.pointee.countdown = Int32(truncatingIfNeeded: next.used)
    next.pointee.state = .current
    pointee.current = next
    open(next, next.wordWithSlot(from: UInt(next.pointee.hint)))
  }

  #if SLM_SMALL
    @inline(never)
  #else
    @inline(__always)
  #endif
  private func open(_ slab: SlabPointer, _ word: UInt) {
    let slots = slab.word(word)
    let free = slots.pointee.free
    let taken = firstStretch(free)
    slots.pointee = SlotWord(free: free ^ taken, ready: taken)
    slab.pointee.countdown &+= count(taken, slab)
    pointee.cursor = UInt8(truncatingIfNeeded: word)
    makeReady(slots, from: slab.slot(word &* SlotWord.slotCount))
  }

  /// The free slots of the stretch around the first of them, aligned to its length.
  @inline(__always) private func firstStretch(_ free: UInt) -> UInt {
    let stretch = UInt(pointee.stretch)
    if !Build.isSmall, stretch == SlotWord.slotCount { return free }
    let start = UInt(truncatingIfNeeded: free.trailingZeroBitCount) & ~(stretch &- 1)
    return free & (SlotWord.lowBits(stretch) &<< start)
  }

  /// Counts the slots without counting bits where possible, because counting is slow without an instruction for it and
  /// most words are opened whole.
  @inline(__always) private func count(_ slots: UInt, _ slab: SlabPointer) -> Int32 {
    if !Build.isSmall, slots == UInt.max { return Int32(SlotWord.slotCount) }
    if !Build.isSmall, slots == SlotWord.lowBits(UInt(slab.pointee.slotCount)) {
      return Int32(truncatingIfNeeded: slab.pointee.slotCount)
    }
    return Int32(truncatingIfNeeded: SlotWord.count(slots))
  }

  /// Makes a word the ready word.
  @inline(__always) func makeReady(_ slots: UnsafeMutablePointer<SlotWord>, from start: UInt) {
    pointee.ready = UnsafeMutableRawPointer(slots).advanced(by: MemoryLayout<UInt>.stride)
      .assumingMemoryBound(to: UInt.self)
    pointee.wordStart = start
  }

  /// Adds a slab that is in no list and has no used slots. From now on it may leave the bin, and its used-up word must
  /// no longer be the ready word.
  func add(_ slab: SlabPointer) {
    if slab.hasWord(withReadyAt: pointee.ready) { pointee.ready = Self.noSlots }
    slab.pointee.state = .empty
    slab.pointee.hint = 0
    pointee.empty.push(slab)
    pointee.emptyCount &+= 1
    pointee.emptySlots &+= slab.pointee.slotCount
  }

  func popEmpty() -> SlabPointer? {
    guard let slab = pointee.empty.first else { return nil }
    removeEmpty(slab)
    return slab
  }

  func removeEmpty(_ slab: SlabPointer) {
    pointee.empty.remove(slab)
    pointee.emptyCount &-= 1
    pointee.emptySlots &-= slab.pointee.slotCount
  }

  /// Returns ready slots to their slab, which `slabAround` finds by an address in it. They are free again, and a
  /// current slab without used slots becomes empty.
  @inline(never) func returnReady(_ slabAround: (UInt) -> SlabPointer?) {
    if readySlots != 0, let slab = slabAround(pointee.wordStart) {
      let slots = slab.word(slab.word(withReadyAt: pointee.ready))
      let count = SlotWord.count(slots.pointee.ready)
      slots.pointee = SlotWord(free: slots.pointee.freeSlots, ready: 0)
      update(slab, used: slab.used &- count)
    }
    pointee.ready = Self.noSlots
    if let slab = pointee.current, slab.pointee.countdown == 0 {
      pointee.current = nil
      add(slab)
    }
  }
}
