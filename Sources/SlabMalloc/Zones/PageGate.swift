import CSlabmalloc

/// How a zone that others share lets go of its lock, and takes in pages.
///
/// A zone neither knows nor asks who wraps it. It passes through the gate that it was given, or runs without one: then
/// it is used by one thread at a time, and no other zone can be about to take in the same page.
///
/// Lock order: `pageLock`, then `lock`. The zone runs with `lock` held. `admit` releases it before it takes `pageLock`,
/// so that no two zones' locks are ever held at once.
struct PageGate: ~Copyable {
  /// Held whenever the zone runs.
  var lock: Lock
  /// Held while one of a group of zones takes in a page; nil if the zone is alone.
  var pageLock: UnsafeMutablePointer<Lock>?
  /// The group, for `overlaps`.
  var group: UnsafeMutableRawPointer?
  /// Whether a zone of the group has the page, or a part of it. Called with `pageLock` held, and no zone's lock.
  var overlaps: Overlaps?

  typealias Overlaps =
    @convention(c) (_ group: UnsafeMutableRawPointer?, _ address: UInt, _ pageShift: UInt8) -> Bool
}

typealias PageGatePointer = UnsafeMutablePointer<PageGate>

extension UnsafeMutablePointer where Pointee == PageGate {
  /// Runs the body without the lock: what it calls may use the zone.
  @inline(__always) func unlocked<Result>(_ body: () -> Result) -> Result {
    pointee.lock.release()
    let result = body()
    pointee.lock.acquire()
    return result
  }

  /// Runs the body, by which the zone takes in a page, unless a zone of the group has a part of the page.
  ///
  /// Two zones that looked at each other at the same time would both find nothing. Pages therefore come in one after
  /// the other. The zone may have changed when the body runs, since its lock was released.
  @inline(never) func admit(_ address: UInt, _ page: PageSize, _ body: () -> Status) -> Status {
    guard let pageLock = pointee.pageLock, let overlaps = pointee.overlaps else { return body() }
    // Locks are released in the opposite order: each restores the interrupts as it found them.
    return unlocked {
      pageLock.pointee.acquire()
      defer { pageLock.pointee.release() }
      guard !overlaps(pointee.group, address, page.shift) else { return .pageOwned }
      pointee.lock.acquire()
      defer { pointee.lock.release() }
      return body()
    }
  }
}
