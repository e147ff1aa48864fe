import CSlabPort
import Synchronization

/// What the heaps of a process share: page runs, heaps that nobody has, orphans, and counts.
///
/// The pool of runs is the first member: heaps and faces reach it at the pool's own address, and every deallocation
/// reads its first three words there.
///
/// Lock: that of the run pool guards all of this.
///
/// The pool knows no process. Misuse goes to the function `report`, which whoever sets the pool up hands in.
struct HeapPool: ~Copyable {
  var runs: RunPool
  /// Of the keys of slabs, see `Canary`.
  var secret: UInt
  /// What is called for a misuse, without the lock: the pool, the pointer, what is wrong with it, and whether the
  /// program only asked for its usable size.
  var report: (@convention(c) (UnsafeMutableRawPointer, UInt, Status, Bool) -> Void)?
  /// The time from which on a slow path calls `onAlarm`, without the lock. A signal handler may store 0: now.
  let alarm: Atomic<UInt64>
  var onAlarm: (@convention(c) () -> Void)?
  /// Of a process that was ever sampled, see `HeapState+Sampled`.
  var sampler: SamplerHooks?
  /// Threads' heaps are sampled: those that are taken from now on, too. Changes under the lock.
  var isSampling: Bool
  /// Heaps that no thread has, with slabs that they could not abandon; linked by `nextHeap`. A heap that nobody has and
  /// that has no slabs is a resting block of metadata.
  var idleHeaps: HeapPointer?
  var orphans: Orphans
  /// Slabs of each size class.
  var slabCounts: ClassArray<UInt32>
  var counts: Counts
  /// How many explicit heaps were ever made.
  var heapNumber: UInt
  #if SLM_ASSERT
    /// How often the invariants could have been checked.
    var checkTurn: UInt32
  #endif

  /// Bytes, but for the last two.
  struct Counts {
    var slabs: UInt = 0
    var large: UInt = 0
    /// The most that both came to.
    var peak: UInt = 0
    var largeLive: UInt = 0
    var heaps: UInt = 0
  }
}

typealias HeapPoolPointer = UnsafeMutablePointer<HeapPool>

extension UnsafeMutablePointer where Pointee == HeapPool {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }
  @inline(__always) var runs: RunPoolPointer { raw.assumingMemoryBound(to: RunPool.self) }
  @inline(__always) var isHardened: Bool { runs.isHardened }

  @inline(__always) func locked<Result>(_ body: () -> Result) -> Result { runs.locked(body) }

  /// Stops a build with assertions where the calling thread does not hold the lock of the run pool.
  @inline(__always) func assertLocked() { runs.assertLocked() }

  /// Sets up zero-filled memory.
  /// Requires: the lock of the run pool.
  func initialize(
    _ system: SystemMemory, _ options: RunPool.Options,
    report: @escaping @convention(c) (UnsafeMutableRawPointer, UInt, Status, Bool) -> Void
  ) {
    assertLocked()
    var random = SplitMix(state: slm_port_random())
    pointee.secret = Canary.secret(&random)
    pointee.report = report
    pointee.alarm.store(UInt64.max, ordering: .relaxed)
    pointee.onAlarm = nil
    pointee.sampler = nil
    pointee.isSampling = false
    pointee.orphans.initialize()
    pointee.counts = HeapPool.Counts()
    pointee.heapNumber = 0
    runs.initialize(system, options, random)
  }

  /// Adds to the bytes of slabs and of large objects.
  /// Requires: the lock of the run pool.
  func count(slabBytes: Int = 0, largeBytes: Int = 0) {
    assertLocked()
    pointee.counts.slabs = UInt(bitPattern: Int(bitPattern: pointee.counts.slabs) + slabBytes)
    pointee.counts.large = UInt(bitPattern: Int(bitPattern: pointee.counts.large) + largeBytes)
    let used = pointee.counts.slabs + pointee.counts.large
    if used > pointee.counts.peak { pointee.counts.peak = used }
  }
}
