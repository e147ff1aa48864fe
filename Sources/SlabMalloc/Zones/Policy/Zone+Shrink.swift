import CSlabmalloc

/// What a zone does before it refuses memory:
///
///     no page -> above the hard limit: give empty pages back, try again
///             -> shrinker 1 -> freed something: try again
///             -> shrinker 2 -> ...
///             -> refused, with the reason of the last try
///
/// A shrinker may free objects of this zone, and then a slot of the bin may be what is needed. No lock is held while it
/// runs. A call of it that needs another page itself is refused as reentrant, like a call of the provider.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Tries to supply a bin after a first try gave `failure`. `anySlot` says that any slot of the bin helps the caller.
  @inline(never) func supplyByShrinking(_ bin: BinPointer, _ failure: Status, anySlot: Bool) -> Status {
    supplyByShrinking(failure, bytes: UInt(bin.pointee.slabBytes), isServed: { anySlot && bin.hasFreeSlot }) {
      supplyPage(bin)
    }
  }

  /// Tries to get this many bytes after a first try gave `failure`. `isServed` says whether what a shrinker freed
  /// is enough.
  @inline(never) func supplyByShrinking(
    _ failure: Status, bytes: UInt, isServed: () -> Bool = { false }, _ retry: () -> Status
  ) -> Status {
    guard failure.isShortage, let policy = pointee.policy else { return failure }
    guard !isPulling(context), !isConstructing(for: context) else { return .reentrant }
    var status = afterReclaim(failure, policy, retry)
    var number: UInt = 0
    while status.isShortage, let shrinker = policy.shrinker(after: number) {
      number = shrinker.number
      guard ask(shrinker, for: bytes) else { continue }
      guard isInitialized else { return .notInitialized }
      if isServed() { return status }
      status = afterReclaim(retry(), policy, retry)
      if isServed() { return status }
    }
    return isInitialized ? status : .notInitialized
  }

  /// At the hard limit gives empty pages back and tries again.
  private func afterReclaim(_ failure: Status, _ policy: PolicyPointer, _ retry: () -> Status) -> Status {
    guard failure == .limit else { return failure }
    reclaimAtLimit(policy)
    return isInitialized ? retry() : .notInitialized
  }

  /// Whether the shrinker freed something.
  private func ask(_ shrinker: slm_shrinker, for bytes: UInt) -> Bool {
    guard let shrink = shrinker.shrink else { return false }
    return asPull { unlockedSlowly { shrink(shrinker.context, Int(bitPattern: bytes)) } }
  }
}

extension UnsafeMutablePointer where Pointee == Bin {
  /// Whether a slot of the bin is free, in whatever state its slab is.
  fileprivate var hasFreeSlot: Bool {
    if readySlots != 0 || pointee.partial.first != nil || pointee.empty.first != nil { return true }
    if pointee.sparse.first != nil { return true }
    return pointee.current.map { UInt32(truncatingIfNeeded: $0.pointee.countdown) != $0.pointee.slotCount } ?? false
  }
}
