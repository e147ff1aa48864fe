import CSlabmalloc

/// Pages in and out.
extension UnsafeMutablePointer where Pointee == SharedZone {
  /// Keeps slots for later, for any CPU. A page that the provider does not have may be empty in some CPU's zone.
  func reserve(size: UInt, alignment: UInt, count: UInt) -> Status {
    while true {
      let status = reserves.locked { $0.reserve(size: size, alignment: alignment, count: count) }
      guard status == .outOfMemory || status == .limit, let bin = reserves.zone.bin(size: size, alignment: alignment),
        moveEmptyPage(to: bin)
      else { return status }
    }
  }

  /// Moves an empty page from any CPU's zone to the zone that keeps the reserves.
  @inline(never) private func moveEmptyPage(to bin: BinPointer) -> Bool {
    let (reserves, page) = (reserves, bin.pointee.page)
    // Without a provider pages stay in their class.
    guard pointee.cpuCount != 0, reserves.zone.pointee.provider.allocate != nil else { return false }
    var found: UInt?
    forEach {
      // The zone of the reserves comes last, and has already used its own pages.
      if $0 != reserves.zone { found = $0.takeEmptyPage(page, isMoving: true) }
      return found == nil
    }
    guard let address = found else { return false }
    return reserves.locked {
      let status = $0.refill(bin, page: address, pageSize: page.bytes)
      $0.returnUnusable(address, page, status)
      return status == .ok
    }
  }

  /// Returns every page to the provider, used or not, and ends the zone.
  func destroy(live: inout UInt) -> Status {
    let count = zoneCount
    var (slots, pages) = (UInt(0), UInt64(0))
    var (isInitialized, isConstructing) = (false, false)
    forEach {
      isInitialized = $0.isInitialized
      isConstructing = $0.isConstructing()
      guard isInitialized, !isConstructing else { return false }
      slots += $0.liveSlots
      pages += $0.pointee.ledger.pagesHeld
      return true
    }
    guard isInitialized else { return .notInitialized }
    guard !isConstructing else { return .reentrant }
    live = slots
    guard pages == 0 || first.zone.pointee.provider.release != nil else { return .noProvider }
    // The zone ends first, for a provider that calls back.
    pointee.cpuCount = 0
    for index in 0..<count { _ = zone(index).locked { $0.destroy(live: &slots) } }
    return .ok
  }
}

/// A policy calls this at the hard limit, without a lock: gives back the empty pages of all zones.
@c(slm_core_shared_zone_reclaim)
func sharedZoneReclaim(_ group: UnsafeMutableRawPointer) {
  group.assumingMemoryBound(to: SharedZone.self).forEach {
    if $0.isInitialized { _ = $0.reclaim(basePages: Int.max, largePages: Int.max) }
    return true
  }
}

/// The zones' gates call this before they take in a page. The raw pointer is the shared zone.
@c(slm_core_shared_zone_overlaps)
func sharedZoneOverlaps(_ group: UnsafeMutableRawPointer?, _ address: UInt, _ pageShift: UInt8) -> Bool {
  guard let shared = group?.assumingMemoryBound(to: SharedZone.self) else { return false }
  var overlaps = false
  shared.forEach {
    overlaps = $0.overlaps(address, PageSize(shift: pageShift))
    return !overlaps
  }
  return overlaps
}
