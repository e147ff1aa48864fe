import CSlabmalloc

/// Pages in and out.
extension UnsafeMutablePointer where Pointee == SharedZone {
  /// Keeps slots for later, for any CPU. A page that the provider does not have may be empty in some CPU's zone.
  func reserve(size: UInt, alignment: UInt, count: UInt) -> Status {
    while true {
      let status = reserves.locked { $0.reserve(size: size, alignment: alignment, count: count) }
      guard status == .outOfMemory, let bin = reserves.zone.bin(size: size, alignment: alignment),
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
      if $0 != reserves.zone { found = $0.takeEmptyPage(bytes) }
      return found == nil
    }
    guard let address = found else { return false }
    return reserves.locked { $0.refill(bin, page: address, pageSize: bytes) } == .ok
  }

  /// Returns every page to the provider, used or not, and ends the zone.
  func destroy(live: inout UInt) -> Status {
    guard pointee.cpuCount != 0 else { return first.locked { $0.destroy(live: &live) } }
    guard reserves.zone.isInitialized else { return .notInitialized }
    let directory = directory
    live = reserves.locked { $0.live.slots }
    var pages = directory.pointee.ledger.pagesHeld
    forEach {
      pages &+= $0.pointee.ledger.pagesHeld
      return true
    }
    guard pages == 0 || first.zone.pointee.provider.release != nil else { return .noProvider }
    // The zones end first, for a provider that calls back.
    let (zone, view) = (reserves.zone, directory.pointee.view)
    forEach {
      $0.end()
      return true
    }
    pointee.cpuCount = 0
    directory.end()
    zone.giveAllBack(directory, view)
    return .ok
  }
}

/// The zones' gates call this before pages go back: a lookup that may read them ends before its zone's lock is released.
@c(slm_core_shared_zone_quiesce)
func sharedZoneQuiesce(_ group: UnsafeMutableRawPointer?) {
  guard let shared = group?.assumingMemoryBound(to: SharedZone.self) else { return }
  shared.forEach { _ in true }
}
