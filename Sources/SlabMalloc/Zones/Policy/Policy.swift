import CSlabmalloc
import Synchronization

/// A policy: what the client asked of a zone or cache beyond its options, and the bytes that this concerns. A zone for
/// several CPUs has one policy for all of them. The policy is the last part of the storage that the C API is given:
///
///     | ZoneState, bins, ... | Policy |        | SharedZone, LockedZone, LockedZone, ... | Policy |
///
/// `held` is the memory of the pages that the zone holds, pages that its provider is about to give included:
///
///     held <= hard limit, or held has not grown since the limit was set
///
/// Lock: `lock` guards the fields below it. It is a leaf: nothing is called while it is held. A zone for one thread has
/// no gate, and its policy takes no lock and needs no atomic instruction.
struct Policy: ~Copyable {
  /// Bytes; 0 if there is no such limit.
  let softLimit = Atomic<UInt>(0)
  let hardLimit = Atomic<UInt>(0)
  let held = Atomic<UInt>(0)
  /// The most that `held` was while no page was awaited.
  let peak = Atomic<UInt>(0)
  /// 1 after the handler was called for the soft limit, until `held` is no longer above it.
  let isAboveSoftLimit = Atomic<UInt>(0)
  /// What all threads share, or nothing: whether the lock is needed.
  let isShared: Bool
  /// Whether a function of the client constructs or destroys objects. Never changes while the cache holds pages.
  var constructor: Constructor?
  /// Gives back the empty pages of all zones of the group. nil if the zone is alone.
  var reclaimGroup: ReclaimGroup?
  var group: UnsafeMutableRawPointer?

  var lock: Lock
  var softLimitHandler: SoftLimitHandler?
  var softLimitContext: UnsafeMutableRawPointer?
  /// The first shrinker, in the order of registration.
  var shrinkers: ShrinkerPointer?
  /// The number of shrinkers that were ever registered.
  var shrinkerCount: UInt
  /// The constructors that run.
  var constructing: PullList
  /// The pages that caches hold on this zone's account; see Zone+Lend.
  var lent: Ledger

  typealias SoftLimitHandler = @convention(c) (_ context: UnsafeMutableRawPointer?, _ bytes: Int) -> Void
  typealias ReclaimGroup = @convention(c) (_ group: UnsafeMutableRawPointer) -> Void

  init(isShared: Bool, softLimit: UInt, hardLimit: UInt) {
    self.isShared = isShared
    constructor = nil
    reclaimGroup = nil
    group = nil
    lock = Lock()
    softLimitHandler = nil
    softLimitContext = nil
    shrinkers = nil
    shrinkerCount = 0
    constructing = PullList()
    lent = Ledger()
    self.softLimit.store(softLimit, ordering: .relaxed)
    self.hardLimit.store(hardLimit, ordering: .relaxed)
  }
}

typealias PolicyPointer = UnsafeMutablePointer<Policy>

extension UnsafeMutablePointer where Pointee == Policy {
  var held: UInt { load(pointee.held) }
  var peak: UInt { load(pointee.peak) }
  var softLimit: UInt { load(pointee.softLimit) }
  var hardLimit: UInt { load(pointee.hardLimit) }

  // Never inlined: where an atomic word is a call, three of them in a row would take its address from a table, which
  // an archive that links anywhere does not have.

  @inline(never) private func load(_ word: borrowing Atomic<UInt>) -> UInt { word.load(ordering: .relaxed) }
  @inline(never) private func store(_ value: UInt, in word: borrowing Atomic<UInt>) {
    word.store(value, ordering: .relaxed)
  }

  /// Runs the body with the lock.
  @inline(__always) func locked<Result>(_ body: () -> Result) -> Result {
    acquire()
    let result = body()
    release()
    return result
  }

  // Never inlined, because nothing here is fast and the code of a lock is long.

  @inline(never) private func acquire() {
    if pointee.isShared { pointee.lock.acquire() }
  }

  @inline(never) private func release() {
    if pointee.isShared { pointee.lock.release() }
  }

  /// Whether a cache holds a page of this zone.
  var hasLent: Bool { locked { pointee.lent.pagesHeld } != 0 }

  /// Sets the limits. They hold from now on, also if more is held. The next page above the soft limit calls the
  /// handler.
  func setLimits(soft: UInt, hard: UInt) {
    store(soft, in: pointee.softLimit)
    store(hard, in: pointee.hardLimit)
    store(0, in: pointee.isAboveSoftLimit)
  }

  /// Counts bytes that are about to be held. False, and nothing is counted, if the hard limit forbids them.
  func charge(_ bytes: UInt) -> Bool {
    var held = pointee.held.load(ordering: .relaxed)
    while true {
      let limit = pointee.hardLimit.load(ordering: .relaxed)
      let (sum, overflow) = held.addingReportingOverflow(bytes)
      guard !overflow, limit == 0 || sum <= limit else { return false }
      guard change(&held, to: sum) else { continue }
      return true
    }
  }

  /// Counts bytes that are no longer held. Never goes below 0, because a zone may end while its provider runs.
  func uncharge(_ bytes: UInt) {
    var held = pointee.held.load(ordering: .relaxed)
    while true {
      let rest = held < bytes ? 0 : held &- bytes
      guard change(&held, to: rest) else { continue }
      if rest <= pointee.softLimit.load(ordering: .relaxed) { pointee.isAboveSoftLimit.store(0, ordering: .relaxed) }
      return
    }
  }

  /// Stores a new value of `held` if nobody else changed it. Otherwise returns false with the present value.
  @inline(__always) private func change(_ held: inout UInt, to new: UInt) -> Bool {
    guard pointee.isShared else {
      pointee.held.store(new, ordering: .relaxed)
      return true
    }
    let (isExchanged, present) = pointee.held.compareExchange(expected: held, desired: new, ordering: .relaxed)
    held = present
    return isExchanged
  }

  /// Notes that the bytes counted are held.
  func notePeak() {
    let held = pointee.held.load(ordering: .relaxed)
    var peak = pointee.peak.load(ordering: .relaxed)
    while held > peak {
      guard pointee.isShared else { return pointee.peak.store(held, ordering: .relaxed) }
      let (isExchanged, present) = pointee.peak.compareExchange(expected: peak, desired: held, ordering: .relaxed)
      if isExchanged { return }
      peak = present
    }
  }

  /// Whether the bytes have risen above the soft limit since they were last below. True for one caller only.
  func crossesSoftLimit() -> Bool {
    let limit = pointee.softLimit.load(ordering: .relaxed)
    guard limit != 0, pointee.held.load(ordering: .relaxed) > limit else { return false }
    guard pointee.isShared else {
      defer { pointee.isAboveSoftLimit.store(1, ordering: .relaxed) }
      return pointee.isAboveSoftLimit.load(ordering: .relaxed) == 0
    }
    return pointee.isAboveSoftLimit.compareExchange(expected: 0, desired: 1, ordering: .relaxed).exchanged
  }

  /// Ends the policy with its zone: no byte is held, and every shrinker may be registered elsewhere.
  func end() {
    pointee.held.store(0, ordering: .relaxed)
    while let shrinker = pointee.shrinkers { removeShrinker(shrinker) }
  }
}
