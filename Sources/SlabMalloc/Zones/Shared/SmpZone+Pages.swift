import CSlabmalloc

/// Pages in and out.
extension UnsafeMutablePointer where Pointee == SmpZone {
  /// Keeps slots for later, for any CPU. A page that the provider does not have may be empty in some CPU's zone.
  func reserve(size: UInt, alignment: UInt, count: UInt) -> Status {
    guard pointee.cpuCount != 0 else { return .notInitialized }
    while true {
      let status = reserves.locked { $0.reserve(size: size, alignment: alignment, count: count) }
      guard status == .outOfMemory, moveEmptyPage(size: size, alignment: alignment) else {
        return status
      }
    }
  }

  /// Moves an empty page out of any CPU's zone to where the reserves are.
  private func moveEmptyPage(size: UInt, alignment: UInt) -> Bool {
    guard let index = reserves.zone.classIndex(size: size, alignment: alignment) else { return false }
    let page = reserves.zone.bin(index).pointee.page
    // Without a provider the pages are their class's.
    guard reserves.zone.pointee.provider.allocate != nil else { return false }
    var found: UInt?
    forEach {
      // That one, the last, has used its own.
      if $0 != reserves.zone { found = $0.takeEmptyPage(page) }
      return found == nil
    }
    guard let address = found else { return false }
    return reserves.locked { $0.refill($0.bin(index), page: address, pageSize: page.bytes) } == .ok
  }

  /// An empty page, taken out of whatever zone has one.
  func takeEmptyPage(_ page: PageSize) -> UInt? {
    var address: UInt?
    forEach {
      address = $0.takeEmptyPage(page)
      return address == nil
    }
    return address
  }

  /// Whether a page, or a part of it, is one of some CPU's zone.
  func overlaps(_ address: UInt, _ page: PageSize) -> Bool {
    var overlaps = false
    forEach {
      overlaps = $0.overlaps(address, page)
      return !overlaps
    }
    return overlaps
  }

  /// Gives back up to so many empty pages of each size; counts those that went.
  func reclaim(basePages baseLimit: Int, largePages largeLimit: Int, _ gone: inout (base: Int, large: Int)) -> Status {
    guard pointee.cpuCount != 0 else { return .notInitialized }
    guard reserves.zone.pointee.provider.release != nil else { return .noProvider }
    forEach {
      let count = $0.reclaim(basePages: baseLimit - gone.base, largePages: largeLimit - gone.large)
      gone.base += count.base
      gone.large += count.large
      return gone.base < baseLimit || gone.large < largeLimit
    }
    return .ok
  }

  /// Gives back every page, used or not, and ends the zone.
  func destroy(live: inout UInt) -> Status {
    let cpuCount = pointee.cpuCount
    guard cpuCount != 0 else { return .notInitialized }
    var (slots, pages) = (UInt(0), UInt64(0))
    forEach {
      slots += $0.liveSlots
      pages += $0.pointee.ledger.pagesHeld
      return true
    }
    live = slots
    guard pages == 0 || reserves.zone.pointee.provider.release != nil else { return .noProvider }
    // For a provider that calls back it has ended.
    pointee.cpuCount = 0
    for index in 0...cpuCount { _ = zone(index).locked { $0.destroy(live: &slots) } }
    return .ok
  }
}
