import CSlabmalloc

/// Pages in and out.
extension UnsafeMutablePointer where Pointee == SharedZone {
  /// Keeps slots for later, for any CPU. A page that the provider does not have may be empty in some CPU's zone.
  func reserve(size: UInt, alignment: UInt, count: UInt) -> Status {
    while true {
      let status = reserves.locked { $0.reserve(size: size, alignment: alignment, count: count) }
      guard status.isShortage, let bin = reserves.zone.bin(size: size, alignment: alignment),
        moveEmptyPage(to: bin)
      else { return status }
    }
  }

  /// Moves an empty page from any CPU's zone to the zone that keeps the reserves.
  @inline(never) private func moveEmptyPage(to bin: BinPointer) -> Bool {
    let (reserves, bytes) = (reserves, UInt(bin.pointee.slabBytes))
    // Without a provider pages stay in their class.
    guard pointee.cpuCount != 0, reserves.zone.pointee.provider.allocate != nil else { return false }
    var found: UInt?
    forEach {
      // The zone of the reserves comes last, and has already used its own pages.
      if $0 != reserves.zone { found = $0.takeEmptyPage(bytes, isMoving: true) }
      return found == nil
    }
    guard let address = found else { return false }
    return reserves.locked {
      let status = $0.takeIn(address, bytes, for: bin)
      $0.returnUnusable(address, bytes, status)
      return status == .ok
    }
  }

  /// Returns every page to the provider, used or not, and ends the zone.
  func destroy(live: inout UInt) -> Status {
    guard pointee.cpuCount != 0 else { return first.locked { $0.destroy(live: &live) } }
    guard reserves.zone.isInitialized else { return .notInitialized }
    let directory = directory
    guard !reserves.zone.isConstructing() else { return .reentrant }
    var pages = directory.pointee.ledger.pagesHeld
    forEach {
      pages &+= $0.pointee.ledger.pagesHeld
      return true
    }
    live = reserves.locked { $0.live.slots }
    guard pages == 0 || first.zone.pointee.provider.release != nil else { return .noProvider }
    // The zones end first, for a provider that calls back.
    let (zone, view) = (reserves.zone, directory.pointee.view)
    let (constructor, isHardened) = (zone.constructor, zone.isHardened)
    forEach {
      $0.end()
      return true
    }
    pointee.cpuCount = 0
    directory.end()
    zone.pointee.policy?.end()
    zone.giveAllBack(directory, view, constructor, isHardened: isHardened)
    return .ok
  }
}

/// The zones' gates call this before pages go back: a lookup that may read them ends before its zone's lock is
/// released.
@c(slm_core_shared_zone_quiesce)
func sharedZoneQuiesce(_ group: UnsafeMutableRawPointer?) {
  guard let shared = group?.assumingMemoryBound(to: SharedZone.self) else { return }
  shared.forEach { _ in true }
}

/// A policy calls this at the hard limit, without a lock: gives back the empty pages of all zones.
@c(slm_core_shared_zone_reclaim)
func sharedZoneReclaim(_ group: UnsafeMutableRawPointer) {
  group.assumingMemoryBound(to: SharedZone.self).forEach {
    if $0.isInitialized { _ = $0.reclaim(basePages: Int.max, largePages: Int.max) }
    return true
  }
}
