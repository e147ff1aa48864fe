import CSlabPort
import Synchronization

/// An explicit heap: one that a program makes with slm_heap_create(). All threads may use it at once.
///
/// It has a *part* for each thread that uses it: a `HeapState` like a thread's heap, of which the thread alone takes
/// slots. The slot of the calling thread (`ThreadSlots`) selects its part in a table:
///
///     ExplicitHeap | limit | seal | ... | entry 0 | entry 1 | entry 2 | ...      0: the thread has no part yet
///                                                      |         |
///                                                   HeapState HeapState ──nextHeap──> ...
///
/// No lock is needed for this, since no other thread changes the entry. A part keeps its slabs until the heap is
/// destroyed. Other threads free its objects as those of any heap, remotely. The part of an ended thread is *vacant*,
/// until a thread with the same slot takes it, or one that needs a part: see `ExplicitHeap+Parts`. Large objects are
/// the heap's.
///
/// The struct and its table end the block of metadata of a `HeapState`, the *first part*. The block stays a heap's when
/// the heap is destroyed, and rests: a call with a destroyed heap finds no seal. A block that never had an explicit
/// heap has any content there, which nothing touches.
///
/// Lock: that of the run pool guards all but the atomic words.
struct ExplicitHeap: ~Copyable {
  /// Entries of the table; 0 in a heap that is none.
  let limit: Atomic<UInt>
  /// Says that the heap exists.
  let seal: Atomic<UInt>
  var pool: HeapPoolPointer
  /// No other heap of the pool had this number.
  var number: UInt
  /// The newest part; linked by `nextHeap`.
  var parts: HeapPointer?
  let partCount: Atomic<UInt>
  /// 1 while a thread trims vacant parts.
  let isTrimming: Atomic<UInt>
  /// Whether the first part is among the parts.
  var hasFirstPart: Bool
  var large: LinkedList<PageRun>
  var limits: HeapLimits
}

typealias ExplicitHeapPointer = UnsafeMutablePointer<ExplicitHeap>

extension ExplicitHeap {
  /// From the start to the table.
  static var tableOffset: Int { 256 }
  /// Bytes with the table.
  static var size: UInt { UInt(tableOffset) + ThreadSlots.count * 8 }
  /// Entries by which the table grows.
  static var step: UInt { 64 }
}

extension UnsafeMutablePointer where Pointee == ExplicitHeap {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }
  @inline(__always) var address: UInt { UInt(bitPattern: self) }
  @inline(__always) var pool: HeapPoolPointer { pointee.pool }

  private var ownSeal: UInt { address ^ 0x4EA9_5EA2 }
  /// Whether this is a heap that a program made and has not destroyed.
  var isInitialized: Bool { pointee.seal.load(ordering: .acquiring) == ownSeal }

  /// The part in the block of the heap itself.
  var firstPart: HeapPointer {
    (raw - Int(HeapState.explicitOffset)).assumingMemoryBound(to: HeapState.self)
  }

  @inline(__always) private var table: UnsafeMutablePointer<HeapPointer?> {
    raw.advanced(by: ExplicitHeap.tableOffset).assumingMemoryBound(to: HeapPointer?.self)
  }

  /// The part of the calling thread; nil if it has none.
  @inline(__always) var part: HeapPointer? { part(of: ThreadSlots.own) }

  /// The part of a slot that the calling thread has taken.
  @inline(__always) func part(of slot: UInt) -> HeapPointer? {
    slot < pointee.limit.load(ordering: .acquiring) ? table[Int(bitPattern: slot)] : nil
  }

  /// Requires: the lock of the run pool.
  func setPart(_ part: HeapPointer?, of slot: UInt) {
    pool.assertLocked()
    var limit = pointee.limit.load(ordering: .relaxed)
    while limit <= slot {
      (table + Int(limit)).initialize(repeating: nil, count: Int(min(ExplicitHeap.step, ThreadSlots.count - limit)))
      limit = min(limit + ExplicitHeap.step, ThreadSlots.count)
      pointee.limit.store(limit, ordering: .releasing)
    }
    table[Int(slot)] = part
    part?.pointee.slot = slot
  }

  /// Sets up memory with any content.
  /// Requires: the lock of the run pool.
  func initialize(_ pool: HeapPoolPointer, number: UInt, soft: UInt, hard: UInt) {
    pool.assertLocked()
    pointee.limit.store(0, ordering: .relaxed)
    pointee.pool = pool
    pointee.number = number
    pointee.parts = nil
    pointee.partCount.store(0, ordering: .relaxed)
    pointee.isTrimming.store(0, ordering: .relaxed)
    pointee.hasFirstPart = false
    pointee.large = LinkedList()
    pointee.limits.reset(soft: soft, hard: hard)
    pointee.seal.store(ownSeal, ordering: .releasing)
  }

  /// Ends the heap for all calls. True for one caller only.
  func breakSeal() -> Bool {
    guard pointee.seal.compareExchange(expected: ownSeal, desired: 0, ordering: .acquiringAndReleasing).exchanged
    else { return false }
    pointee.limit.store(0, ordering: .releasing)
    return true
  }
}
