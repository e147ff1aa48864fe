import CSlabPort
import Synchronization

/// A heap: bins for all size classes. One thread at a time allocates from it; any thread frees its objects.
///
///     | Heap | directBins | bin 0 | bin 1 | ... | bin 48 | stacks of ready slots |
///
/// `directBins` holds, for each size up to 1024 in steps of 16, its bin.
///
/// Each thread has a heap, which it takes when it first allocates and gives back when it ends; a program makes more with
/// slm_heap_create. Zero-filled memory is a heap that serves nothing: the one of a thread that has none.
struct HeapState: ~Copyable {
  /// Sizes below find their bin by table.
  var directLimit: UInt
  /// Says that the heap exists.
  var seal: UInt
  var process: ProcessHeapPointer
  /// Idle heaps.
  var nextHeap: HeapPointer?
  /// Made by a program: it keeps its slabs, as destroying it frees them.
  var isExplicit: Bool
  /// How many slots its thread has freed in slabs of others, to collect now and then. Wraps.
  var remoteFrees: UInt16
  /// Says when to look at the clock, and that when to give back current slabs without used slots.
  var ticks: UInt32
  var nextTrim: UInt64
  /// Large objects of an explicit heap; changes under the process's lock.
  var large: LinkedList<PageRun>
  /// Slabs in which others have freed slots, linked by `remoteNext`. Atomic, on a line of its own.
  var remote: UInt
}

typealias HeapPointer = UnsafeMutablePointer<HeapState>

extension HeapState {
  static var remoteOffset: Int { 64 }
  static var directBinsOffset: Int { 128 }
  static var directBinCount: Int { 65 }
  /// Sizes below this one.
  static var directLimit: UInt { 1025 }
  static var binsOffset: Int { 704 }
  static var stacksOffset: Int { binsOffset + Int(SizeClass.count) * HeapBin.stride }

  static var size: UInt {
    var size = UInt(stacksOffset)
    for index in 0..<SizeClass.count { size += stackSize(index) }
    return size
  }

  /// With its bottom.
  static func stackSize(_ index: UInt) -> UInt {
    (HeapBin.readyLimit(SizeClass.slotSize(index)) + 1) * UInt(MemoryLayout<ReadySlot>.stride)
  }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }
  @inline(__always) var address: UInt { UInt(bitPattern: self) }

  @inline(__always) func bin(_ index: UInt) -> HeapBinPointer {
    raw.advanced(by: HeapState.binsOffset &+ Int(bitPattern: index) &* HeapBin.stride).assumingMemoryBound(to: HeapBin.self)
  }

  /// The bin of a size below `Heap.directLimit`.
  @inline(__always) func directBin(_ size: UInt) -> HeapBinPointer {
    directBins[Int(bitPattern: (size &+ 15) &>> 4)]
  }

  @inline(__always) private var directBins: UnsafeMutablePointer<HeapBinPointer> {
    raw.advanced(by: HeapState.directBinsOffset).assumingMemoryBound(to: HeapBinPointer.self)
  }

  @inline(__always) var remote: UnsafeMutablePointer<Atomic<UInt>> {
    raw.advanced(by: HeapState.remoteOffset).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  private var ownSeal: UInt { address ^ 0x4EA9_5EA1 }
  var isInitialized: Bool { pointee.seal == ownSeal }

  func initialize(_ process: ProcessHeapPointer) {
    pointee.process = process
    pointee.nextHeap = nil
    pointee.isExplicit = false
    pointee.ticks = 0
    pointee.remoteFrees = 0
    pointee.nextTrim = 0
    pointee.large = LinkedList()
    remote.pointee.store(0, ordering: .relaxed)
    var bottom = address + UInt(HeapState.stacksOffset)
    for index in 0..<SizeClass.count {
      bin(index).initialize(index: UInt8(index), heap: self, bottom: bottom)
      bottom += HeapState.stackSize(index)
    }
    for step in 0..<HeapState.directBinCount {
      // Nothing is smaller than 16, so that all is aligned to 16.
      let index = SizeClass.index(size: max(UInt(step) * 16, 16)).unsafelyUnwrapped
      (directBins + step).initialize(to: bin(index))
    }
    retire()
  }

  /// Serves from now on.
  func enlist(isExplicit: Bool) {
    pointee.isExplicit = isExplicit
    pointee.directLimit = pointee.process.isHardened ? 0 : HeapState.directLimit
    if pointee.process.isHardened { seedRandom() }
    pointee.seal = ownSeal
  }

  /// Serves nothing until it is taken again.
  func retire() {
    pointee.directLimit = 0
    pointee.seal = 0
  }
}
