import CSlabmalloc

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Hands a page to the bin of a layout.
  func refill(size: UInt, alignment: UInt, page address: UInt, pageSize: Int) -> Status {
    guard isInitialized else { return .notInitialized }
    guard let index = classIndex(size: size, alignment: alignment) else {
      return .invalidLayout
    }
    return refill(bin(index), page: address, pageSize: pageSize)
  }

  func refill(_ bin: BinPointer, page address: UInt, pageSize: Int) -> Status {
    guard pageSize == bin.pointee.page.bytes else { return .wrongPageSize }
    guard Build.isSmall else { return accept(address, bin.pointee.page) { add(address, to: bin) } }
    let status = examine(address, bin.pointee.page)
    if status == .ok { add(address, to: bin) }
    return status
  }

  /// Runs the body, which takes in a page, unless that can't be one or is an allocator's already.
  @inline(never) func accept(_ address: UInt, _ page: PageSize, _ body: () -> Void) -> Status {
    if let smp = pointee.smp { return accept(address, page, smp, body) }
    let status = examine(address, page)
    if status == .ok { body() }
    return status
  }

  private func examine(_ address: UInt, _ page: PageSize) -> Status {
    guard canBePage(address, page) else { return .badPage }
    return overlaps(address, page) || isSealed(address, page) ? .pageOwned : .ok
  }

  private func canBePage(_ address: UInt, _ page: PageSize) -> Bool {
    address != 0 && address & page.mask == 0 && address <= UInt.max - page.mask
  }

  /// The zones of an SMP zone take in pages one after the other: two of them that looked at each other at the same time would both find
  /// nothing. So the page lock is held round each zone's in turn, and never taken with one held.
  private func accept(
    _ address: UInt, _ page: PageSize, _ smp: SmpZonePointer, _ body: () -> Void
  ) -> Status {
    guard canBePage(address, page) else { return .badPage }
    return unlocked {
      smp.pointee.pageLock.acquire()
      defer { smp.pointee.pageLock.release() }
      if smp.overlaps(address, page) || isSealed(address, page) { return .pageOwned }
      pointee.lock?.pointee.acquire()
      defer { pointee.lock?.pointee.release() }
      guard isInitialized else { return .notInitialized }
      body()
      return .ok
    }
  }

  /// Makes a page a slab of a bin.
  private func add(_ address: UInt, to bin: BinPointer) {
    let page = bin.pointee.page
    let slab = SlabPointer.around(address, pageMask: page.mask)
    carve(slab, for: bin)
    pages(page).insert(slab)
    pointee.ledger.take(page)
    bin.add(slab)
  }

  /// Whether another allocator has a whole page. It is the caller's, so it may be read: its last bytes tell.
  private func isSealed(_ address: UInt, _ page: PageSize) -> Bool {
    let slab = SlabPointer.around(address, pageMask: page.mask)
    return slab.pointee.seal == slab.ownedSeal
  }

  /// Whether a page, or a part of it, is this zone's.
  func overlaps(_ address: UInt, _ page: PageSize) -> Bool {
    if !Build.isSmall, largePages.find(address) != nil { return true }
    let isBasePages =
      !Build.isSmall && page.isLarge ? basePages.holdsAny(address, page.size) : basePages.find(address) != nil
    if isBasePages { return true }
    return holdsTable(basePages, address, page) || holdsTable(largePages, address, page)
  }

  private func holdsTable(_ pages: PageMapPointer, _ address: UInt, _ page: PageSize) -> Bool {
    guard let table = pages.tablePage, let tableSize = pages.pointee.table else { return false }
    return table &- address < page.size || address &- table < tableSize.size
  }

  /// Takes a page out: the seal goes, and it is the caller's to give back.
  func drop(_ slab: SlabPointer) -> UInt {
    let page = slab.page
    pages(page).remove(slab)
    slab.pointee.seal = 0
    if isHardened { slab.clearGuards() }
    pointee.ledger.giveBack(page)
    return slab.pageAddress
  }
}
