import CSlabmalloc

/// Pages lent: a zone gives empty pages to caches that are made on it, as their page provider.
///
///     zone <- page provider        slots of the zone
///       |
///       +- lent -> cache           slots of the cache
///
/// A lent page is in no page map of the zone, because it is the cache's. It still counts to the zone's limits and to
/// its ledger: `Policy.lent` has its share of the pages taken and given back, for all CPUs together.
///
///     pages held = pages in the maps + the maps' own pages + pages lent
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Takes an empty page out of the zone, to be lent. Without one, takes a page from the provider.
  func lend(_ page: PageSize, nowait: Bool) -> UInt? {
    guard let policy = pointee.policy, pointee.provider.release != nil, let bin = bin(on: page) else { return nil }
    var isLast = false
    while isInitialized {
      returnReady(page)
      if let slab = takeEmpty(page) {
        let address = forgetPage(slab)
        pointee.ledger.untake(page)
        policy.locked { policy.pointee.lent.take(page) }
        return address
      }
      if isLast { return nil }
      // A shrinker may have emptied a page even if no page came.
      isLast = supply(bin, nowait: nowait, anySlot: false) != .ok
    }
    return nil
  }

  /// Takes back a page that was lent, and gives it to the provider. False if it cannot be such a page.
  func takeBack(_ address: UInt, _ page: PageSize) -> Bool {
    guard isInitialized, let policy = pointee.policy, address != 0, address & page.mask == 0 else { return false }
    let isLent = policy.locked {
      let ledger = policy.pointee.lent
      guard page.isLarge ? ledger.largeTaken != ledger.largeGivenBack : ledger.baseTaken != ledger.baseGivenBack else {
        return false
      }
      policy.pointee.lent.giveBack(page)
      return true
    }
    guard isLent else { return false }
    uncharge(page.size)
    releasePage(address, page)
    return true
  }

  /// A bin with pages of this size; nil if the zone has none.
  private func bin(on page: PageSize) -> BinPointer? {
    for index in 0..<pointee.binCount where bin(index).pointee.page == page { return bin(index) }
    return nil
  }
}
