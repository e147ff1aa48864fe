import CSlabmalloc

/// Pages out: reclaim returns empty pages, and the end of the zone returns all.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Returns up to this many empty pages of each size to the provider. Returns their numbers.
  func reclaim(basePages baseLimit: Int, largePages largeLimit: Int) -> (base: Int, large: Int) {
    var base = reclaim(basePages.page, atMost: baseLimit)
    var large = Build.isSmall ? 0 : reclaim(.large, atMost: largeLimit)
    // A table leaves after the pages that it lists have left. These may have the other size.
    shrinkTables(basePages.page, atMost: baseLimit, &base)
    shrinkTables(.large, atMost: largeLimit, &large)
    checkInvariants()
    return (base, large)
  }

  /// Returns up to this many empty pages of a size to the provider. Returns their number.
  func reclaim(_ page: PageSize, atMost limit: Int) -> Int {
    returnReady(page)
    var count = 0
    while count < limit, isInitialized, let slab = takeEmpty(page) {
      let address = removePage(slab)
      destroyObjects(slab)
      releasePage(address, page)
      count += 1
    }
    return count
  }

  /// Takes an empty page out of the zone for the caller. With `isMoving` the page stays in the group and goes on
  /// counting to its limits.
  func takeEmptyPage(_ page: PageSize, isMoving: Bool = false) -> UInt? {
    guard isInitialized, page.isLarge || page == basePages.page else { return nil }
    returnReady(page)
    guard let slab = takeEmpty(page) else { return nil }
    let address = isMoving ? forgetPage(slab) : removePage(slab)
    destroyObjects(slab)
    return address
  }

  /// Returns ready and quarantined slots to their slabs, because current slabs may be empty too, and so may slabs whose
  /// used slots are all in quarantine.
  func returnReady(_ page: PageSize) {
    if !Build.isSmall, let hardening = pointee.hardening { return endQuarantines(page, hardening) }
    forgetLast()
    for index in 0..<pointee.binCount where bin(index).pointee.page == page { bin(index).returnReady() }
  }

  /// Returns every page to the provider, used or not, and ends the zone.
  func destroy(live: inout UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    if !Build.isSmall, isConstructing() { return .reentrant }
    live = liveSlots
    guard pointee.ledger.pagesHeld == 0 || pointee.provider.release != nil else {
      return .noProvider
    }
    let hardening = Build.isSmall ? nil : pointee.hardening
    // The buckets are still needed. The zone therefore ends first, for a provider that calls back, and the pages leave
    // afterwards.
    let base = (basePages.buckets, basePages.pointee.bucketMask)
    let large = (largePages.buckets, largePages.pointee.bucketMask)
    end()
    giveBackAll(basePages, buckets: base.0, mask: base.1, hardening)
    if !Build.isSmall { giveBackAll(largePages, buckets: large.0, mask: large.1, hardening) }
    return .ok
  }

  private func giveBackAll(
    _ pages: PageMapPointer, buckets: UnsafeMutablePointer<UInt>, mask: UInt, _ hardening: HardeningPointer?
  ) {
    let page = pages.page
    for bucket in 0...Int(mask) {
      var slab = SlabPointer.ending(at: buckets[bucket])
      while let found = slab {
        slab = found.pointee.nextInBucket
        found.pointee.seal = 0
        if let constructor { destroyObjectsAtEnd(found, constructor, hardening) }
        releasePage(found.pageAddress, page)
      }
    }
    if !Build.isSmall, let table = pages.pointee.table { releasePage(UInt(bitPattern: buckets), table) }
  }
}
