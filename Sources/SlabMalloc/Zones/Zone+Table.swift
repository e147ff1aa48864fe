import CSlabmalloc

/// The buckets of page maps. They grow with the pages in the map, and a deallocation's first probe continues to hit.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Moves a page map's buckets into a page from the provider if the map has more pages than buckets. The first table
  /// is a base page. A large page follows when it is at most a sixteenth of the memory of the map's pages. If the
  /// provider has no page, the buckets stay crowded, and the next try comes when the number of pages has doubled.
  func growTable(_ pages: PageMapPointer) {
    let count = pages.pointee.count
    guard !Build.isSmall, count > pages.pointee.bucketMask &+ 1, isPowerOfTwo(count &- 1) else { return }
    guard let page = nextTable(pages) else { return }
    var status = Status.ok
    guard let address = requestPage(page, &status) else { return }
    var old: (address: UInt, page: PageSize)?
    var isMoved = false
    status = .notInitialized
    if isInitialized {
      status = takeIn(address, page) {
        guard nextTable(pages) == page else { return }
        if let table = pages.tablePage, let size = pages.pointee.table { old = (table, size) }
        pages.move(to: address, page)
        pointee.ledger.take(page)
        notePeak()
        isMoved = true
      }
    }
    guard isMoved else { return returnUnusable(address, page, status == .ok ? Status.badPage : status) }
    if let old {
      pointee.ledger.giveBack(old.page)
      uncharge(old.page.size)
      releasePage(old.address, old.page)
    }
  }

  /// Gives back the tables of this size that nothing needs any more, as long as the count of pages given back is below
  /// the limit.
  func shrinkTables(_ page: PageSize, atMost limit: Int, _ count: inout Int) {
    if count < limit, isInitialized, shrinkTable(basePages, page) { count += 1 }
    if count < limit, isInitialized, shrinkTable(largePages, page) { count += 1 }
  }

  private func shrinkTable(_ pages: PageMapPointer, _ page: PageSize) -> Bool {
    guard !Build.isSmall, pages.pointee.count == 0, pages.pointee.table == page, let table = pages.tablePage else {
      return false
    }
    pages.initialize(page: pages.page, firstBuckets: firstBuckets(pages.page))
    pointee.ledger.giveBack(page)
    uncharge(page.size)
    releasePage(table, page)
    return true
  }

  /// The size of the page to which the buckets should move; nil if they should stay.
  private func nextTable(_ pages: PageMapPointer) -> PageSize? {
    guard let table = pages.pointee.table else { return basePages.page }
    let held = pages.pointee.count &<< pages.pointee.pageShift
    return !table.isLarge && held / 16 >= PageSize.large.size ? .large : nil
  }

  var tablePages: UInt64 { (basePages.tablePage == nil ? 0 : 1) + (largePages.tablePage == nil ? 0 : 1) }
}
