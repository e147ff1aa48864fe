import CSlabPort
import Synchronization

/// What the heaps of a process share: reserves, metadata, idle heaps, and slabs without an owner.
///
///     offset          every deallocation reads
///       0  base       of the first reserve
///       8  extent     limit - base: bytes that are usable
///      16  table
///
/// Everything else changes under `lock`, and is looked at only by what takes time anyway.
///
/// held = slabs + large objects + metadata + dirty + clean + busy, summed over the reserves' pages.
struct ProcessHeap: ~Copyable {
  var base: UInt
  var extent: UInt
  var table: UInt
  var lock: Lock
  /// 1 when set up. Atomic.
  var isReady: UInt32
  /// The thread that has the lock, else 0. Atomic: another thread never finds itself there.
  var holder: UInt
  /// 1 when the system has refused to put memory out of reach, see `ProcessHeap+Guards`. Atomic.
  var isAnyLeftOpen: UInt32
  var system: SystemMemory
  var options: Options
  var hasReadEnvironment: Bool
  var reserveCount: Int
  var reserves: InlineArray<1024, SegmentPointer?>

  static let maxReserves = 1024
  var metadata: Metadata
  /// Heaps that no thread has, with the few slabs that they could not leave; linked by `nextHeap`.
  var idleHeaps: HeapPointer?
  /// Heaps that a program has destroyed; they have no slabs.
  var destroyedHeaps: HeapPointer?
  /// Partial slabs that ended threads have left, by size class. First in first out.
  var orphans: InlineArray<49, LinkedList<PageRun>>
  /// Slabs in `orphans`, by size class: a glance without the lock.
  var orphanCounts: InlineArray<49, UInt32>
  var slabs: InlineArray<49, UInt32>
  /// Dirty bytes, and when to look at them next.
  var dirtyBytes: UInt
  var nextPurge: UInt64
  var misuse: MisuseHandler
  var counts: Counts
  /// Of the canaries.
  var secret: UInt
  var kept: KeptRuns

  struct Options {
    /// Milliseconds until dirty runs are purged.
    var purgeDelay: UInt32
    /// Bytes that may be dirty until then.
    var retain: UInt
    /// Bytes of address space to reserve first.
    var reserve: UInt
    var printsStatistics: Bool
    var profile: Profile = .checked

    static var standard: Self {
      Self(purgeDelay: 100, retain: 256 << 20, reserve: 256 << 30, printsStatistics: false)
    }
  }

  /// Bytes, but for the last two.
  struct Counts {
    var taken: UInt = 0
    var givenBack: UInt = 0
    var slabs: UInt = 0
    var large: UInt = 0
    var peak: UInt = 0
    var purged: UInt = 0
    var largeLive: UInt = 0
    var heaps: UInt = 0
  }
}

typealias ProcessHeapPointer = UnsafeMutablePointer<ProcessHeap>

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  private var ready: UnsafeMutablePointer<Atomic<UInt32>> {
    raw.advanced(by: 28).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  var isReady: Bool { ready.pointee.load(ordering: .acquiring) == 1 }

  /// Sets up zero-filled memory. The lock is held.
  func initialize(_ system: SystemMemory, _ options: ProcessHeap.Options) {
    pointee.system = system
    pointee.options = options
    pointee.metadata = .none
    for index in 0..<49 { pointee.orphans[index] = LinkedList() }
    pointee.misuse = .standard
    pointee.counts = ProcessHeap.Counts()
    var random = SplitMix(state: slm_port_random())
    pointee.secret = Canary.secret(&random)
    pointee.kept = KeptRuns(random)
    ready.pointee.store(1, ordering: .releasing)
  }

  /// The run around an address, nil if it is in no reserve. Nothing near the address is read.
  @inline(__always) func run(around address: UInt) -> RunPointer? {
    let offset = address &- base
    guard offset < extent else { return runElsewhere(address) }
    return RunPointer.at(table &+ PageRun.descriptorOffset(offset)).pointee.lead
  }

  /// The same in another reserve than the first.
  @inline(never) private func runElsewhere(_ address: UInt) -> RunPointer? {
    guard isReady else { return nil }
    return locked { reserve(around: address)?.run(address) }
  }

  func reserve(around address: UInt) -> SegmentPointer? {
    for index in 0..<pointee.reserveCount {
      if let reserve = pointee.reserves[index], reserve.contains(address) { return reserve }
    }
    return nil
  }
}
