import CSlabmalloc

/// Limits: bytes are counted before a page is asked for, and given up when the page does not come or has left.
///
///     charge -> above the hard limit:       refused, nothing is counted
///            -> above the soft limit first: the handler runs, without a lock
///            -> provider -> no page:        uncharge
///
/// Several CPUs count in one place, so together they never hold more than the limit allows.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Counts bytes that the zone is about to hold. Calls the handler if they cross the soft limit; it may change or even
  /// end the zone.
  func charge(_ bytes: UInt) -> Status {
    guard !Build.isSmall, let policy = pointee.policy else { return .ok }
    guard policy.charge(bytes) else { return .limit }
    guard policy.crossesSoftLimit() else { return .ok }
    callSoftLimitHandler(policy)
    return isInitialized ? .ok : .notInitialized
  }

  /// Counts bytes that the zone no longer holds.
  @inline(__always) func uncharge(_ bytes: UInt) {
    if !Build.isSmall, let policy = pointee.policy { policy.uncharge(bytes) }
  }

  /// Notes that a page that was counted is the zone's.
  @inline(__always) func notePeak() {
    if !Build.isSmall, let policy = pointee.policy { policy.notePeak() }
  }

  @inline(never) private func callSoftLimitHandler(_ policy: PolicyPointer) {
    let (handler, context) = policy.locked { (policy.pointee.softLimitHandler, policy.pointee.softLimitContext) }
    guard let handler else { return }
    let held = policy.held
    unlockedSlowly { handler(context, Int(bitPattern: held)) }
  }

  /// Gives back empty pages, of every size and of every zone of the group, because the hard limit forbids another page.
  func reclaimAtLimit(_ policy: PolicyPointer) {
    guard pointee.provider.release != nil else { return }
    if let reclaimGroup = policy.pointee.reclaimGroup, let group = policy.pointee.group {
      return unlockedSlowly { reclaimGroup(group) }
    }
    _ = reclaim(basePages: Int.max, largePages: Int.max)
  }
}
