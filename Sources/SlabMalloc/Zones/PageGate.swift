import CSlabmalloc

/// The gate of a zone that others share: it releases the zone's lock around calls of the provider, and admits pages.
///
/// A zone does not know its wrapper. It passes through the gate that it was given, or runs without one. A zone
/// without a gate serves one thread at a time, and no other zone can be taking in the same page.
///
/// Lock order: `pageLock`, then `lock`. The zone runs with `lock` held. `admit` releases it before it takes `pageLock`,
/// because two zones' locks must never be held at once.
struct PageGate: ~Copyable {
  /// Held whenever the zone runs.
  var lock: Lock
  /// Held while one of a group of zones takes in a page. nil if the zone is alone.
  var pageLock: UnsafeMutablePointer<Lock>?
  /// The group, an argument of `overlaps`.
  var group: UnsafeMutableRawPointer?
  /// Whether a zone of the group holds the page or a part of it. Runs with `pageLock` held, and without any zone's
  /// lock.
  var overlaps: Overlaps?

  typealias Overlaps =
    @convention(c) (_ group: UnsafeMutableRawPointer?, _ address: UInt, _ pageShift: UInt8) -> Bool
}

typealias PageGatePointer = UnsafeMutablePointer<PageGate>

extension UnsafeMutablePointer where Pointee == PageGate {
  /// Runs the body without the lock. The code that the body calls may use the zone.
  @inline(__always) func unlocked<Result>(_ body: () -> Result) -> Result {
    pointee.lock.release()
    let result = body()
    pointee.lock.acquire()
    return result
  }

  /// Runs the body, which takes in a page, unless a zone of the group holds a part of the page. The body learns whether
  /// the group was checked.
  ///
  /// Two zones that checked each other at the same time would both find nothing. `pageLock` therefore admits one page
  /// after the other. The zone releases its lock meanwhile, and may have changed when the body runs.
  @inline(never) func admit(_ address: UInt, _ page: PageSize, _ body: (_ isChecked: Bool) -> Status) -> Status {
    guard let pageLock = pointee.pageLock, let overlaps = pointee.overlaps else { return body(false) }
    // Locks are released in the opposite order, because each restores the interrupts' state from before it was taken.
    return unlocked {
      pageLock.pointee.acquire()
      defer { pageLock.pointee.release() }
      guard !overlaps(pointee.group, address, page.shift) else { return .pageOwned }
      pointee.lock.acquire()
      defer { pointee.lock.release() }
      return body(true)
    }
  }
}
