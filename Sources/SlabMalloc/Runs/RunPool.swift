import CSlabPort
import Synchronization

/// The ground of the run house: where page runs come from, and where they return to.
///
/// A process has one pool. It reserves address space in segments, cuts page runs from them for slabs, large objects and
/// metadata, takes the runs back, merges them, and returns memory to the system once nobody has used it for a while. It
/// knows nothing of heaps: what a run is for is decided above.
///
///     offset           every deallocation reads these three without the lock
///       0  base        of the first segment
///       8  extent      limit - base: bytes in use
///      16  table
///
/// Lock: everything else changes under `lock`, and is read without it only where it is an `Atomic`. Functions that must
/// be called with the lock held say `Requires: the lock of the run pool.` Functions that release it for a while, since
/// they call the system, say `Releases the lock meanwhile.`
///
/// Invariant: held = slabs + large objects + metadata + dirty + clean + busy, summed over the segments' pages and the
/// lone runs.
struct RunPool: ~Copyable {
  let base: Atomic<UInt>
  /// Written after `base` and `table`, which are written once. Whoever reads it reads what was written before it: the
  /// table behind it, and the descriptors in that.
  ///
  /// The fast paths of deallocations read `base` before, for an instruction less. A thread that finds no base there and
  /// an extent after it has never held the lock. It has no heap, its stand-in owns no slab, and the call leaves the
  /// fast path whatever run it came to.
  let extent: Atomic<UInt>
  let table: Atomic<UInt>
  let lock: OwnedLock
  /// See `RunPool+Islands`.
  var islands: Int
  var maxIslands: Int
  var hasBridges: Bool
  var system: SystemMemory
  /// Where segments come from instead, see `RunSource`.
  var source: RunSource?
  var options: Options
  var segmentCount: Int
  var segments: InlineArray<1024, SegmentPointer?>
  var lone: LoneRuns
  var metadata: Metadata
  var kept: KeptRuns
  /// Bytes of dirty runs, and when they are purged next. A thread reads both before it takes the lock.
  let dirty: Atomic<UInt>
  /// What was dirty when the system last refused to purge some of it; 0 if it refused nothing.
  let refused: Atomic<UInt>
  let purgeTime: Atomic<UInt64>
  var counts: Counts
  var huge: HugePages

  struct Options {
    /// Milliseconds until dirty runs are purged.
    var purgeDelay: UInt32
    /// Bytes that may be dirty until then.
    var retain: UInt
    /// Bytes that the first segment may grow to.
    var addressSpace: UInt
    var profile: Profile = .checked
    var hugePages: HugePages.Mode = .auto

    static var standard: Self { Self(purgeDelay: 100, retain: 256 << 20, addressSpace: 256 << 30) }
  }

  /// Bytes, ever.
  struct Counts {
    var taken: UInt = 0
    var givenBack: UInt = 0
    var purged: UInt = 0
  }

  static let maxSegments = 1024
}

typealias RunPoolPointer = UnsafeMutablePointer<RunPool>

extension UnsafeMutablePointer where Pointee == RunPool {
  @inline(__always) private var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  @inline(__always) var base: UInt { loadFolded(raw) }
  @inline(__always) var extent: UInt { loadFolded(raw + MemoryLayout<UInt>.stride) }
  @inline(__always) var table: UInt { pointee.table.load(ordering: .relaxed) }

  /// Chosen before the first segment, and fixed from then on.
  @inline(__always) var isHardened: Bool { pointee.options.profile == .hardened }

  /// Sets up zero-filled memory.
  /// Requires: the lock of the run pool.
  func initialize(_ system: SystemMemory, _ options: RunPool.Options, _ random: SplitMix) {
    assertLocked()
    pointee.system = system
    pointee.source = nil
    pointee.options = options
    pointee.lone = .none
    pointee.islands = 0
    pointee.maxIslands = 0
    pointee.hasBridges = false
    pointee.metadata = .none
    pointee.kept = KeptRuns(random)
    pointee.counts = RunPool.Counts()
    pointee.huge = .unknown
  }

  /// The run around an address, nil if it lies in no segment. Nothing near the address is read.
  @inline(__always) func run(around address: UInt) -> RunPointer? {
    let extent = self.extent
    let offset = address &- base
    guard offset < extent else { return runElsewhere(address) }
    return RunPointer.at(table &+ PageRun.descriptorOffset(offset)).pointee.lead
  }

  @inline(never) private func runElsewhere(_ address: UInt) -> RunPointer? { locked { anyRun(around: address) } }

  /// The same in any segment, or of a lone run.
  /// Requires: the lock of the run pool.
  func anyRun(around address: UInt) -> RunPointer? {
    assertLocked()
    return segment(around: address)?.run(address) ?? pointee.lone.run(around: address)
  }

  /// Requires: the lock of the run pool.
  func segment(around address: UInt) -> SegmentPointer? {
    assertLocked()
    for index in 0..<pointee.segmentCount {
      if let segment = pointee.segments[index], segment.contains(address) { return segment }
    }
    return nil
  }

  /// Publishes what every deallocation reads: after a page is usable, and before anybody has a pointer to it.
  /// Requires: the lock of the run pool.
  func publish() {
    assertLocked()
    guard let first = pointee.segments[0] else { return }
    pointee.base.store(first.pointee.base, ordering: .relaxed)
    pointee.table.store(first.pointee.table, ordering: .relaxed)
    pointee.extent.store(first.pointee.limit - first.pointee.base, ordering: .releasing)
  }

  /// Bytes of the pages in use, and of those, what nobody uses: dirty, and clean.
  /// Requires: the lock of the run pool.
  var pages: (held: UInt, dirty: UInt, clean: UInt) {
    assertLocked()
    var pages: (held: UInt, dirty: UInt, clean: UInt) = (pointee.lone.bytes, 0, 0)
    for index in 0..<pointee.segmentCount {
      guard let segment = pointee.segments[index] else { continue }
      pages.held += segment.pointee.limit - segment.pointee.base
      pages.dirty += segment.dirtyBytes
      pages.clean += segment.pointee.clean.pages << PageRun.pageShift
    }
    pages.dirty += pointee.kept.dirtyPages << PageRun.pageShift
    pages.clean += pointee.kept.cleanPages << PageRun.pageShift
    return pages
  }

  var metadataBytes: UInt { pointee.metadata.pageCount << PageRun.pageShift }
}
