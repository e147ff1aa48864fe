/// The gate of a zone that others share: it releases the zone's lock around calls of the provider.
///
/// A zone does not know its wrapper. It passes through the gate that it was given, or runs without one. A zone without
/// a gate serves one thread at a time.
///
/// Lock order: one zone's lock, then that of the directory. No two zones' locks are ever held at once.
struct PageGate: ~Copyable {
  /// Held whenever the zone runs.
  var lock: Lock
  /// Waits until each zone of the group has once released its lock; nil if the zone is alone. A lookup of another zone
  /// may read pages of this zone while holding its own lock. Runs without any lock before pages go back.
  var quiesce: Quiesce?
  /// The group, an argument of `quiesce`.
  var group: UnsafeMutableRawPointer?

  typealias Quiesce = @convention(c) (_ group: UnsafeMutableRawPointer?) -> Void
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
}
