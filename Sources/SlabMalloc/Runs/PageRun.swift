import Synchronization

/// A page run of a reserve: a slab, a large object, or free. This is its descriptor: each page of 64 KiB has one, in a table of
/// its own, far from the page. The first page's is the run's; `lead` of each leads to it.
///
///     offset            every deallocation reads this line, and it changes seldom
///       0  owner        and above its 48 bits how many remote frees wait, see `Owner`
///       8  start        address of slot 0
///      16  reciprocal   2^64 / slotSize, rounded up; 0 if the run is no slab, or hardened
///      24  marks        one byte for each slot
///      32  bin
///      40  lead         the run's descriptor
///      48  words        one bit for each slot: available
///      56  slotSize, slotCount, binIndex, kind
///                       what changes all the time
///      64  used
///      68  shortfall
///      72  available, pages
///      80  remoteHint
///      88  remoteNext   list of a heap's remote frees
///      96  next         list of a bin, of orphans, or of free runs
///     104  previous
///     112  place, isClean, isOrphan, cursor, isGuarded
///     120  size         bytes, of a large object; of a free run, when it became free
///
/// slotCount = used + available + slots that the owner's bin holds pending or ready; `used` of a current slab is one more, so that
/// it never becomes 0: the slab stays, for the next allocation. A remote free stays in `used` until the owner
/// collects it.
///
/// Zero-filled memory is the descriptor of a page that was never used.
struct PageRun: Linked {
  var owner: UInt
  var start: UInt
  var reciprocal: UInt
  var marks: UnsafeMutablePointer<UInt8>
  var bin: HeapBinPointer
  var lead: RunPointer
  var words: UnsafeMutablePointer<UInt64>
  var slotSize: UInt32
  var slotCount: UInt16
  var binIndex: UInt8
  var kind: Kind
  var used: UInt32
  /// Available slots that a sparse slab still lacks to be partial; too many to count down for any other.
  var shortfall: UInt32
  /// Not beside `used`: the compiler would make one wide change of both, which waits for the narrow one of `used` before it.
  var available: UInt32
  var pages: UInt32
  /// A slot that was freed remotely, for a start.
  var remoteHint: UInt
  var remoteNext: RunPointer?
  var next: RunPointer?
  var previous: RunPointer?
  var place: Place
  /// Its memory reads as 0: of a free run, all of it; of a large object, what lies behind its size; of a slab, what it was carved from.
  var isClean: Bool
  /// In the process's list of orphans; changes under its lock.
  var isOrphan: Bool
  /// The word in which a slot was found last.
  var cursor: UInt8
  /// Its last page can't be touched, see `ProcessHeap+Guards`.
  var isGuarded: Bool
  var size: UInt

  var stamp: UInt {
    get { size }
    set { size = newValue }
  }

  enum Kind: UInt8 {
    case unused
    case free
    /// Free, but kept whole: in `KeptRuns`.
    case kept
    /// Taken out of all lists, by a thread that is about to say what it is.
    case busy
    case slab
    case large
    case metadata
  }

  /// Where its owner's bin has a slab.
  enum Place: UInt8 {
    /// Nowhere: no slot is available, and the slab has no owner.
    case full
    /// Its words are allocated from.
    case current
    /// In `sparse`: fewer slots are available than it takes to be opened.
    case sparse
    /// In `partial`.
    case partial
  }

  static let pageShift: UInt = 16
  static let pageSize: UInt = 1 << pageShift
  /// Large objects move by page tables from this size on: each move leaves the system one more mapping to know of, and it knows
  /// only so many.
  static let movedFrom: UInt = 16 << 20
  /// Runs from this size on, 1 GiB, are lone.
  static let giantPages: UInt = 1 << 14
  /// Bytes of a descriptor.
  static let stride = 128
  static let strideShift: UInt = 7

  /// From the table to the descriptor of the page at an offset from the base.
  @inline(__always) static func descriptorOffset(_ offset: UInt) -> UInt {
    (offset &>> (pageShift &- strideShift)) & ~(UInt(stride) &- 1)
  }
}

typealias RunPointer = UnsafeMutablePointer<PageRun>

/// What a byte of `marks` says of a slot.
///
/// free, fresh -> used -> free, by the owner; used -> remote by any other thread, with one atomic operation whose outcome is
/// the verdict on a double free; remote -> free by the owner, when it collects. Of a hardened slab there is a step more, used ->
/// clearing -> remote, and the owner's step from used to free is such an operation, too.
enum Mark {
  /// No slot: past the last one.
  static let none: UInt8 = 0
  static let free: UInt8 = 1
  /// Free, and all its bytes are 0.
  static let fresh: UInt8 = 2
  static let used: UInt8 = 3
  /// Of a hardened slab: about to become remote.
  static let clearing: UInt8 = 4
  /// Freed by a thread that doesn't own the slab. The only mark with this bit.
  static let remote: UInt8 = 0x80
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// The descriptor at an address that is not 0.
  @inline(__always) static func at(_ address: UInt) -> RunPointer {
    // Not unwrapped: that would be a test for 0.
    unsafeBitCast(RunPointer(bitPattern: address), to: RunPointer.self)
  }

  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }
  @inline(__always) var address: UInt { UInt(bitPattern: self) }
  @inline(__always) var endAddress: UInt { pointee.start &+ bytes }
  @inline(__always) var bytes: UInt { UInt(pointee.pages) &<< PageRun.pageShift }

  @inline(__always) var owner: UnsafeMutablePointer<Atomic<UInt>> {
    raw.assumingMemoryBound(to: Atomic<UInt>.self)
  }

  /// The slot at an address of this slab, and whether the address is where it starts (Lemire, as in `Slab`).
  @inline(__always) func slot(at address: UInt) -> (index: UInt, isStart: Bool) {
    let (index, fraction) = (address &- pointee.start).multipliedFullWidth(by: pointee.reciprocal)
    return (index, fraction < pointee.reciprocal)
  }

  @inline(__always) func mark(_ index: UInt) -> UnsafeMutablePointer<UInt8> {
    pointee.marks + Int(bitPattern: index)
  }

  @inline(__always) func atomicMark(_ index: UInt) -> UnsafeMutablePointer<Atomic<UInt8>> {
    UnsafeMutableRawPointer(mark(index)).assumingMemoryBound(to: Atomic<UInt8>.self)
  }

  /// Slots of a slab that a program holds, as far as another thread can tell.
  var usedSlots: UInt {
    let used = UInt(pointee.used)
    return pointee.place == .current && used > 0 ? used - 1 : used
  }

  /// What was a slab or a large object is nobody's.
  func leave() {
    owner.pointee.store(Owner.noSlab.word, ordering: .releasing)
    bin = .nobodys
    pointee.kind = .busy
  }

  /// Makes a slot available.
  @inline(__always) func makeAvailable(_ index: UInt) {
    pointee.words[Int(bitPattern: index &>> 6)] |= 1 &<< UInt64(truncatingIfNeeded: index & 63)
    pointee.available &+= 1
  }

  /// The first word with an available slot, from the last one on and round, in a slab that has one.
  func nextWord() -> Int {
    let count = (Int(pointee.slotCount) + 63) / 64
    var word = Int(pointee.cursor)
    while pointee.words[word] == 0 { word = word + 1 == count ? 0 : word + 1 }
    pointee.cursor = UInt8(truncatingIfNeeded: word)
    return word
  }
}
