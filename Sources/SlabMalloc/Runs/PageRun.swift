import CSlabPort
import Synchronization

/// A run of pages, and the descriptor that stands for it.
///
/// Address space is divided into pages of 64 KiB. Each page has a descriptor of 128 bytes in a table of its own, far
/// from the page, so that a program that writes past its objects does not reach it. A run uses the descriptor of its
/// first page; `lead` of every page's descriptor points to that one. What the fields mean depends on the kind of the
/// run. The typed views read them under their own names: `FreeRun`, `MetadataPage`, `LargeObject`. A slab reads the
/// descriptor itself.
///
///     offset            every deallocation reads this line, and it changes seldom
///       0  owner        of a slab, and above its 48 bits the number of waiting remote frees, see `Owner`
///       8  start        address of the run: of slot 0
///      16  reciprocal   2^64 / slotSize, rounded up; 0 if the run is no slab, or a hardened one
///      24  marks        one byte for each slot
///      32  bin          of the heap that owns the slab
///      40  lead         the run's descriptor
///      48  words        one bit for each slot: available
///      56  slotSize, slotCount, binIndex, kind
///                       this line changes all the time
///      64  countdown
///      68  tally        of a metadata page, and of a slab
///      72  available, pages
///      80  remoteHint
///      88  remoteNext   list of a heap's remote frees
///      96  next         list of a bin, of orphans, or of free runs
///     104  previous
///     112  place, isClean, isOrphan, cursor, isGuarded, shrunk, isLone, reach
///     120  content     see the typed views; of a hardened slab the key of its canaries, of a plain one its opener
///
/// Of a slab: slotCount = available + slots that are out. A slot that is out is used, or was freed remotely and not
/// collected, or the owner's bin holds it pending or ready.
///
/// Zero-filled memory is the descriptor of a page that was never used.
struct PageRun: ~Copyable, Linked {
  let owner: Atomic<UInt>
  var start: UInt
  var reciprocal: UInt
  var marks: UnsafeMutablePointer<UInt8>
  /// The address of a bin, or `noBin`. The heaps know the type.
  let bin: Atomic<UInt>
  var lead: RunPointer
  var words: UnsafeMutablePointer<UInt64>
  var slotSize: UInt32
  var slotCount: UInt16
  var binIndex: UInt8
  var kind: Kind
  /// Slots that become available until a sparse slab is partial, or a partial one has half of all slots more, or
  /// nobody uses it. Too many to count down for the current one.
  var countdown: UInt32
  /// Of a metadata page its used blocks, of a slab see `IdlePages`. It keeps the numbers beside it apart, which the
  /// compiler would change by one wide instruction: that waits for the narrow one before it.
  var tally: UInt32
  var available: UInt32
  var pages: UInt32
  /// A slot that was freed remotely: where collecting starts.
  var remoteHint: UInt
  var remoteNext: RunPointer?
  var next: RunPointer?
  var previous: RunPointer?
  var place: Place
  /// The memory reads as 0: of a free run, all of it; of a large object, what lies behind its size; of a slab, what it
  /// was carved from.
  var isClean: Bool
  /// The slab is in the list of orphans. Changes under the lock of the run pool.
  var isOrphan: Bool
  /// The word in which a slot was found last.
  var cursor: UInt8
  /// The last page is a guard and is never committed, see `RunPool+Guards`.
  var isGuarded: Bool
  /// An object became smaller and stayed, since there was no memory for a smaller place. Any thread may set it.
  let shrunk: Atomic<Bool>
  /// The run is a mapping of its own, see `LoneRun`.
  var isLone: Bool
  /// Of a hardened process.
  var reach: Reach
  /// A stamp of a free run, the first free block of a metadata page, or the bytes of a large object: see the typed
  /// views.
  var content: UInt

  enum Kind: UInt8 {
    case unused
    case free
    /// Free, but kept whole, see `KeptRuns`.
    case kept
    /// In no list: the thread that took it is about to set another kind.
    case busy
    case slab
    case large
    case metadata
  }

  /// Whether the memory of a run is committed, but for its guard, and what lies before it, see `RunPool+Islands`.
  enum Reach: UInt8 {
    case out
    /// Memory out of reach lies before it.
    case island
    /// All up to the committed run before it is committed.
    case bridged
  }

  /// Which list of its bin a slab is in.
  enum Place: UInt8 {
    /// In none.
    case unlisted
    /// Its words are allocated from.
    case current
    /// In `sparse`: too few slots are available to open it.
    case sparse
    /// In `partial`.
    case partial
  }

  static let pageShift: UInt = 16
  static let pageSize: UInt = 1 << pageShift
  /// Large objects from this size on, 16 MiB, are moved by page tables. Each move leaves one more mapping with the
  /// system, whose number of mappings is limited.
  static let movedFrom: UInt = 16 << 20
  /// Large objects from this size on, 1 MiB, are purged where they would be cleared.
  static let purgedFrom: UInt = 1 << 20
  /// Bytes of a descriptor.
  static let stride = 128
  static let strideShift: UInt = 7
  /// The owner of a run that is no slab. No thread can become the owner.
  static let noSlab: UInt = 1
  /// The bin of a run that has none: zeros, which equal no bin of a heap.
  static var noBin: UInt { UInt(bitPattern: slm_port_no_bin_address()) }

  /// From the table to the descriptor of the page at an offset from the base.
  @inline(__always) static func descriptorOffset(_ offset: UInt) -> UInt {
    (offset &>> (pageShift &- strideShift)) & ~(UInt(stride) &- 1)
  }
}

typealias RunPointer = UnsafeMutablePointer<PageRun>

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
  var hasShrunk: Bool {
    get { pointee.shrunk.load(ordering: .relaxed) }
    nonmutating set { pointee.shrunk.store(newValue, ordering: .relaxed) }
  }

  /// Bytes before the guard page.
  var usableBytes: UInt { bytes - (pointee.isGuarded ? PageRun.pageSize : 0) }

  /// Makes the run a slab for threads that look at any address. They read what was written before.
  @inline(__always) func publish(_ kind: PageRun.Kind, reciprocal: UInt) {
    atomicMemoryFence(ordering: .releasing)
    pointee.reciprocal = reciprocal
    pointee.kind = kind
  }

  /// After the kind or the reciprocal was read without the lock: what is read from now on is what the slab was made
  /// of, or newer. The holder of an object has synchronised with whoever allocated it, but not the caller with a
  /// pointer to anything. x86 keeps both orders by itself, and neither is an instruction there.
  @inline(__always) func readPublished() { atomicMemoryFence(ordering: .acquiring) }

  /// Ends the life of a slab, a large object or a metadata page: a busy run without an owner and a bin.
  func vacate() {
    pointee.owner.store(PageRun.noSlab, ordering: .releasing)
    pointee.bin.store(PageRun.noBin, ordering: .relaxed)
    pointee.reciprocal = 0
    pointee.kind = .busy
  }
}
