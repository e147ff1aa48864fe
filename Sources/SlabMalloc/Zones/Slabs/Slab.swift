/// A slab: a run of pages carved into slots of one size. This struct is its descriptor, the last bytes of the last
/// page. The directory leads from any page of the slab to the descriptor, and the slab's bin links slabs by state.
///
///     offset (64 bits)
///       0  start          the address of slot 0
///       8  seal           says that an allocator owns the last page
///      16  reciprocal     of the slot size, see Reciprocal
///      24  slotCount
///      28  slotSize
///      32  countdown
///      36  binIndex
///      37  state
///      38  wordCount
///      39  hint
///      40  next           list of a bin
///      48  previous
///      56  owner          the CPU whose bin holds the slab
///      58  lodgers        tables of the directory in the slab's pages
///      59  lodgersLeft
///      60  guard          in a hardened zone, see Slab+Guards
///
/// The slot words lie before the descriptor: word 0 next to it, word 1 before word 0, and so on down. The descriptor is
/// the page's last cache line, and the first four words are the line before it. On 32 bits the descriptor has 48 bytes.
///
///     used       = slotCount - bits set in the free halves of the words
///     live slots = used - bits set in the pending halves of the words
///
/// Pending slots count as used. In most zones they are the ready slots, and at most one pending half is not 0. In a
/// hardened zone they are in quarantine or retired.
struct Slab: Linked {
  var start: UInt
  var seal: UInt
  var reciprocal: UInt64
  var slotCount: UInt32
  var slotSize: UInt32
  /// Deallocations until the slab changes its state: 1 if it is full, the number up to `sparseLimit` free slots if it
  /// is sparse, else the number of used slots.
  var countdown: Int32
  var binIndex: UInt8
  var state: State
  var wordCount: UInt8
  /// The word where the search for a free slot starts.
  var hint: UInt8
  var next: SlabPointer?
  var previous: SlabPointer?
  var owner: UInt16
  /// The room for lodgers, and how many are still there. A slab with lodgers stays in the zone.
  var lodgers: UInt8
  var lodgersLeft: UInt8
  var guardWord: UInt32

  /// The state of a slab, and with it the list of its bin that holds it.
  enum State: UInt8 {
    /// In no list: every slot is used.
    case full
    /// In no list: its words are opened one after the other.
    case current
    /// In `sparse`: a few slots are free.
    case sparse
    /// In `partial`: more slots are free, but not all.
    case partial
    /// In `empty`: all slots are free.
    case empty
  }
}

typealias SlabPointer = UnsafeMutablePointer<Slab>

extension UnsafeMutablePointer where Pointee == Slab {
  /// The descriptor of a slab whose last byte is at this address. It only computes and reads nothing.
  @inline(__always) static func ending(with last: UInt) -> SlabPointer {
    // Unwrapping would test for 0.
    unsafeBitCast(SlabPointer(bitPattern: last &+ 1 &- SlabGeometry.descriptorSize), to: SlabPointer.self)
  }

  @inline(__always) var address: UInt { UInt(bitPattern: self) }
  @inline(__always) var bytes: UInt { address &+ SlabGeometry.descriptorSize &- pointee.start }

  @inline(__always) var slotSize: UInt { UInt(pointee.slotSize) }

  @inline(__always) func slot(_ index: UInt) -> UInt { pointee.start &+ index &* slotSize }

  /// The value of `seal` while an allocator owns the page. It depends on the address, because a copy of the page must
  /// not look owned.
  @inline(__always) var ownedSeal: UInt { address ^ 0x51AB_5EA1 }

  /// Carves a run of pages. All slots are free.
  func carve(
    start: UInt, slotSize: UInt, binIndex: UInt8, owner: UInt16, isGuarded: Bool = false, lodgers: UInt8 = 0
  ) {
    let geometry = SlabGeometry(
      slotSize: slotSize, bytes: address &+ SlabGeometry.descriptorSize &- start, isGuarded: isGuarded,
      lodgers: UInt(lodgers))
    initialize(
      to: Slab(
        start: start, seal: ownedSeal, reciprocal: Reciprocal.of(slotSize),
        slotCount: UInt32(truncatingIfNeeded: geometry.slotCount), slotSize: UInt32(truncatingIfNeeded: slotSize),
        countdown: 0, binIndex: binIndex, state: .empty, wordCount: UInt8(truncatingIfNeeded: geometry.wordCount),
        hint: 0, next: nil, previous: nil, owner: owner, lodgers: lodgers, lodgersLeft: lodgers,
        guardWord: 0))
    let full = geometry.slotCount / SlotWord.slotCount
    for index in 0..<full { word(index).initialize(to: SlotWord(free: UInt.max, ready: 0)) }
    for index in full..<geometry.wordCount {
      let free = SlotWord.lowBits(geometry.slotCount, from: index * SlotWord.slotCount)
      word(index).initialize(to: SlotWord(free: free, ready: 0))
    }
  }

  /// The slot at an address in this slab, and whether the address starts it.
  @inline(__always) func slot(at address: UInt) -> (index: UInt, isStart: Bool) {
    Reciprocal.divide(address &- pointee.start, by: pointee.reciprocal)
  }

  /// The slot word with this index.
  @inline(__always) func word(_ index: UInt) -> UnsafeMutablePointer<SlotWord> {
    UnsafeMutableRawPointer(self).advanced(by: Int(bitPattern: (0 &- index &- 1) &* SlabGeometry.wordSize))
      .assumingMemoryBound(to: SlotWord.self)
  }

  /// Whether `ready` is the pending half of one of the slab's words.
  @inline(__always) func hasWord(withReadyAt ready: UnsafeMutablePointer<UInt>) -> Bool {
    address &- UInt(bitPattern: ready) <= UInt(pointee.wordCount) &* SlabGeometry.wordSize
  }

  @inline(__always) func word(withReadyAt ready: UnsafeMutablePointer<UInt>) -> UInt {
    (address &- UInt(bitPattern: ready)) / SlabGeometry.wordSize
  }
}
