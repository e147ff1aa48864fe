import CSlabPort
import Synchronization

/// A heap: bins for all size classes. One thread at a time allocates from it; any thread frees its objects.
///
/// Each thread has a heap, which it takes when it first allocates and gives back when it ends. A program makes more
/// with slm_heap_create(): explicit heaps. Each of their parts is such a heap, which keeps its slabs until the explicit
/// heap is destroyed. The heap is a block of metadata:
///
///     | HeapState | directBins | bin 0 | bin 1 | ... | bin 48 | stacks of ready slots, see HeapBin+Stack | ... |
///
/// The end of the block is that of an explicit heap of which this is the first part, see `ExplicitHeap`.
///
/// `directBins` holds, for each size up to 1024 in steps of 16, its bin.
///
/// A thread without a heap has a *stand-in*: two lines of memory of CSlabPort in which `directLimit` is 0, so that
/// every fast path leaves at once, and `standIn` leads to the functions that serve the call. The pool is set in it too.
///
/// Lock: the heap belongs to its thread, except for `remote`, which is atomic, and `slot` and `nextHeap`, which change
/// under the lock of the run pool.
struct HeapState: ~Copyable {
  /// Sizes below find their bin by table. 0 in a hardened heap, in one whose objects are sampled, in one that serves
  /// nothing, and in a stand-in.
  var directLimit: UInt
  /// Says that the heap exists.
  var seal: UInt
  /// What it shares with other heaps.
  var pool: HeapPoolPointer
  /// The next one of the idle heaps, or of the parts of an explicit heap.
  var nextHeap: HeapPointer?
  /// Of a part: the hard limit refused memory.
  var isAtLimit: Bool
  /// Whether its objects are sampled, see `HeapState+Sampled`.
  var sampling: Sampling
  /// When to look at the clock, and when to trim.
  var ticks: UInt32
  var nextTrim: UInt64
  /// The explicit heap of which this is a part: the part keeps its slabs, since destroying the heap frees them.
  var explicit: ExplicitHeapPointer?
  /// Bytes until the next sample.
  var sampleBudget: Int
  /// Slabs in which others have freed slots, linked by `remoteNext`: on a line of its own.
  let remote: Atomic<UInt>
  /// Of a stand-in alone.
  var standIn: UnsafePointer<slm_port_stand_in>?
  /// When partial slabs are visited.
  var idle: IdlePages
  /// Of a part: see `ThreadSlots`.
  var slot: UInt
}

typealias HeapPointer = UnsafeMutablePointer<HeapState>

extension HeapState {
  // Where the parts of a heap start: constants, since fast paths compute with them. HeapLayoutTests hold them against
  // the compiler's layout.
  static var directBinsOffset: Int { 128 }
  static var directBinCount: Int { 65 }
  /// Sizes below this one are in `directBins`.
  static var directLimit: UInt { 1025 }
  static var binsOffset: Int { 704 }
  static var stacksOffset: Int { binsOffset + Int(SizeClass.count) * HeapBin.stride }

  /// Where an explicit heap is, if the block has one.
  static var explicitOffset: UInt { roundUp(HeapBin.shortStackOffset(SizeClass.count), to: Metadata.line) }

  /// Bytes of a heap.
  static var size: UInt { explicitOffset + ExplicitHeap.size }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }
  @inline(__always) var address: UInt { UInt(bitPattern: self) }
  @inline(__always) var pool: HeapPoolPointer { pointee.pool }

  @inline(__always) func bin(_ index: UInt) -> HeapBinPointer {
    raw.advanced(by: HeapState.binsOffset &+ Int(bitPattern: index) &* HeapBin.stride).assumingMemoryBound(
      to: HeapBin.self)
  }

  /// The bin of slabs that this heap drains: it owns them, but has not allocated from them. The bin's stack never has
  /// room, and each slot that is freed is available at once. Another heap's slab thus goes back as soon as nobody uses
  /// it. A plain heap has no objects of the class whose bin this is.
  @inline(__always) var drain: HeapBinPointer { bin(SizeClass.empty) }

  /// The bin of a size below `HeapState.directLimit`.
  @inline(__always) func directBin(_ size: UInt) -> HeapBinPointer {
    directBins[Int(bitPattern: (size &+ 15) &>> 4)]
  }

  @inline(__always) private var directBins: UnsafeMutablePointer<HeapBinPointer> {
    raw.advanced(by: HeapState.directBinsOffset).assumingMemoryBound(to: HeapBinPointer.self)
  }

  private var ownSeal: UInt { address ^ 0x4EA9_5EA1 }
  /// Whether this is a heap that somebody has.
  var isInitialized: Bool { pointee.seal == ownSeal }

  func initialize(_ pool: HeapPoolPointer) {
    pointee.pool = pool
    pointee.nextHeap = nil
    pointee.isAtLimit = false
    pointee.sampling = .none
    pointee.sampleBudget = 0
    pointee.ticks = 0
    pointee.nextTrim = 0
    pointee.explicit = nil
    pointee.slot = 0
    pointee.remote.store(0, ordering: .relaxed)
    pointee.standIn = nil
    pointee.idle = IdlePages()
    for index in 0..<SizeClass.count { bin(index).initialize(index: UInt8(index), heap: self) }
    HeapBinPointer.setBottom(bin(0).pointee.bottom)
    for step in 0..<HeapState.directBinCount {
      // No class below 16: every object is aligned to 16.
      let index = SizeClass.index(size: max(UInt(step) * 16, 16)).unsafelyUnwrapped
      (directBins + step).initialize(to: bin(index))
    }
    retire()
  }

  /// Where the block has an explicit heap of which this is the first part.
  var explicitPlace: ExplicitHeapPointer {
    (raw + Int(HeapState.explicitOffset)).assumingMemoryBound(to: ExplicitHeap.self)
  }

  /// Serves from now on: a thread, or as a part of an explicit heap.
  func enlist(of explicit: ExplicitHeapPointer? = nil) {
    pointee.explicit = explicit
    pointee.isAtLimit = false
    pointee.sampling = .none
    pointee.directLimit = pool.isHardened ? 0 : HeapState.directLimit
    if pool.isHardened { seedRandom() }
    pointee.seal = ownSeal
  }

  /// Serves nothing until it is taken again.
  func retire() {
    pointee.directLimit = 0
    pointee.seal = 0
  }

  /// Looks at the clock now and then: each second time that a word is opened or a slab changes its list. A hardened
  /// heap has no idle pages to look for, and looks seldom.
  @inline(__always) func tick() { tick(each: pool.isHardened ? 16 : 2) }

  /// A large object was freed, which looks at the clock itself.
  @inline(__always) func tickSeldom() { tick(each: 16) }

  @inline(__always) private func tick(each turns: UInt32) {
    pointee.ticks &+= 1
    if pointee.ticks % turns == 0 { trimIfDue() }
  }

  @inline(never) private func trimIfDue() {
    checkInvariants()
    let now = pool.runs.pointee.system.milliseconds()
    pool.runs.purgeIfDue(UInt(now))
    if now >= pool.pointee.alarm.load(ordering: .relaxed) { pool.pointee.onAlarm?() }
    purgeIdleIfDue(now)
    guard now >= pointee.nextTrim else { return }
    pointee.nextTrim = now + UInt64(pool.runs.pointee.options.purgeDelay)
    trim()
    if let explicit = pointee.explicit { explicit.trimVacant() }
  }

  /// Makes ready slots available, and gives back current slabs of which nothing is out.
  func trim() {
    for index in 0..<SizeClass.count { bin(index).trim() }
  }
}
