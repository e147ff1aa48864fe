extension UnsafeMutablePointer where Pointee == Zone {
  /// Hands a page to the bin of a layout.
  func refill(size: UInt, alignment: UInt, page address: UInt, pageSize: Int) -> Status {
    guard isInitialized else { return AllocationError.notInitialized.code }
    guard let index = classIndex(size: size, alignment: alignment) else {
      return AllocationError.invalidLayout.code
    }
    return refill(bin(index), page: address, pageSize: pageSize)
  }

  func refill(_ bin: BinPointer, page address: UInt, pageSize: Int) -> Status {
    guard pageSize == bin.pointee.page.bytes else { return AllocationError.wrongPageSize.code }
    let status = examine(address, bin.pointee.page)
    guard status == ok else { return status }
    if !Profile.isSmall, pointee.smp != nil { return accept(address, bin.pointee.page) { add(address, to: bin) } }
    add(address, to: bin)
    return ok
  }

  /// Runs the body, which takes in a page that was examined, unless the page turns out to be another CPU's.
  ///
  /// The zones of an SMP zone take in pages one after the other: two of them that look at each other at the same time would both find
  /// nothing. So the page lock is held round a zone's, and never taken with one held.
  @inline(never) func accept(_ address: UInt, _ page: PageSize, _ body: () -> Void) -> Status {
    guard !Profile.isSmall, let smp = pointee.smp else {
      body()
      return ok
    }
    return unlocked {
      smp.pageLock.acquire()
      defer { smp.pageLock.release() }
      if smp.isOwned(address, page) { return AllocationError.pageOwned.code }
      pointee.lock?.acquire()
      defer { pointee.lock?.release() }
      guard isInitialized else { return AllocationError.notInitialized.code }
      // Another thread may have been here meanwhile.
      let status = examine(address, page)
      if status == ok { body() }
      return status
    }
  }

  /// Whether a page may be taken in.
  func examine(_ address: UInt, _ page: PageSize) -> Status {
    guard address != 0, address & page.mask == 0, address <= UInt.max - page.mask else {
      return AllocationError.badPage.code
    }
    return isOwned(address, page) ? AllocationError.pageOwned.code : ok
  }

  /// Makes a page that was examined a slab of a bin.
  private func add(_ address: UInt, to bin: BinPointer) {
    let page = bin.pointee.page
    let slab = SlabPointer.around(address, pageMask: page.mask)
    carve(slab, for: bin)
    pages(page).insert(slab)
    pointee.ledger.take(page)
    bin.add(slab)
  }

  /// Whether a page, or a part of it, is this zone's, or the whole page is another's.
  private func isOwned(_ address: UInt, _ page: PageSize) -> Bool {
    if overlaps(address, page) { return true }
    // The page is the caller's, so it may be read: its last bytes tell if another allocator has it.
    let slab = SlabPointer.around(address, pageMask: page.mask)
    return slab.pointee.seal == slab.ownedSeal
  }

  /// Whether a page, or a part of it, is this zone's.
  @inline(__always) func overlaps(_ address: UInt, _ page: PageSize) -> Bool {
    if !Profile.isSmall, largePages.find(address) != nil { return true }
    // All base pages that a large page would cover.
    var part = address
    while part - address < page.size {
      if basePages.find(part) != nil { return true }
      part &+= basePages.page.size
      if part == 0 { break }
    }
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
