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
    guard failure == .outOfMemory || failure == .limit, let policy = pointee.policy else { return failure }
    guard !isPulling(context) else { return .reentrant }
    var status = supplyAfterReclaim(bin, failure, policy)
    var number: UInt = 0
    while status == .outOfMemory || status == .limit, let shrinker = policy.shrinker(after: number) {
      number = shrinker.number
      guard ask(shrinker, for: bin.pointee.page.size) else { continue }
      guard isInitialized else { return .notInitialized }
      if anySlot, bin.hasFreeSlot { return status }
      status = supplyAfterReclaim(bin, supplyPage(bin), policy)
      if anySlot, bin.hasFreeSlot { return status }
    }
    return isInitialized ? status : .notInitialized
  }

  /// At the hard limit gives empty pages back and tries again.
  private func supplyAfterReclaim(_ bin: BinPointer, _ failure: Status, _ policy: PolicyPointer) -> Status {
    guard failure == .limit else { return failure }
    reclaimAtLimit(policy)
    return isInitialized ? supplyPage(bin) : .notInitialized
  }

  /// Whether the shrinker freed something.
  private func ask(_ shrinker: slm_shrinker, for bytes: UInt) -> Bool {
    guard let shrink = shrinker.shrink else { return false }
    return asPull(.shrinking) { unlockedSlowly { shrink(shrinker.context, Int(bitPattern: bytes)) } }
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
