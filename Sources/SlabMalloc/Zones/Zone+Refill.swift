import CSlabmalloc

/// Pages in. A page comes from the client by `refill`, or from the provider, and passes the same checks: it is aligned,
/// and no allocator owns it, or a part of it, as far as the zone can know. The owner's seal in the page's descriptor
/// shows that another allocator has it.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Pushes a page to the bin of a layout.
  func refill(size: UInt, alignment: UInt, page address: UInt, pageSize: Int) -> Status {
    guard isInitialized else { return .notInitialized }
    guard let index = classIndex(size: size, alignment: alignment) else {
      return .invalidLayout
    }
    return push(bin(index), page: address, pageSize: pageSize)
  }

  /// Takes in a page of the client, within the limits.
  @inline(__always) func push(_ bin: BinPointer, page address: UInt, pageSize: Int) -> Status {
    Build.isSmall
      ? refill(bin, page: address, pageSize: pageSize) : pushCounted(bin, page: address, pageSize: pageSize)
  }

  @inline(never) private func pushCounted(_ bin: BinPointer, page address: UInt, pageSize: Int) -> Status {
    guard pageSize == bin.pointee.page.bytes else { return .wrongPageSize }
    guard canBePage(address, bin.pointee.page) else { return .badPage }
    var status = charge(bin.pointee.page.size)
    guard status == .ok else { return status }
    status = refill(bin, page: address, pageSize: pageSize)
    if status != .ok { uncharge(bin.pointee.page.size) }
    return status
  }

  /// Takes in a page that the limits have been asked for.
  func refill(_ bin: BinPointer, page address: UInt, pageSize: Int) -> Status {
    guard pageSize == bin.pointee.page.bytes else { return .wrongPageSize }
    if let constructor, !isHardened { return refill(bin, page: address, constructor) }
    return takeIn(address, for: bin, isReady: true)
  }

  /// Makes a page a slab of the bin if it can be one. A slab that is not ready is in no list yet.
  func takeIn(_ address: UInt, for bin: BinPointer, isReady: Bool) -> Status {
    takeIn(address, bin.pointee.page) {
      let slab = SlabPointer.around(address, pageMask: bin.pointee.page.mask)
      enroll(slab, for: bin)
      guard isReady else { return }
      bin.add(slab)
      checkInvariants()
    }
  }

  /// Runs the body, which takes in a page, unless the address cannot be a page or an allocator already owns the page.
  @inline(__always) func takeIn(_ address: UInt, _ page: PageSize, _ body: () -> Void) -> Status {
    guard canBePage(address, page) else { return .badPage }
    guard !Build.isSmall, let gate = pointee.gate else { return takeInUnowned(address, page, isChecked: false, body) }
    return gate.admit(address, page) { isChecked in
      isInitialized ? takeInUnowned(address, page, isChecked: isChecked, body) : .notInitialized
    }
  }

  /// `isChecked` says that no zone of the group, this one included, holds a part of the page.
  @inline(__always) private func takeInUnowned(
    _ address: UInt, _ page: PageSize, isChecked: Bool, _ body: () -> Void
  ) -> Status {
    if (!isChecked && overlaps(address, page)) || isSealed(address, page) { return .pageOwned }
    body()
    return .ok
  }

  private func canBePage(_ address: UInt, _ page: PageSize) -> Bool {
    address != 0 && address & page.mask == 0 && address <= UInt.max - page.mask
  }

  /// Makes the page a slab for the bin, in no list.
  private func enroll(_ slab: SlabPointer, for bin: BinPointer) {
    let page = bin.pointee.page
    carve(slab, for: bin)
    pages(page).insert(slab)
    pointee.ledger.take(page)
    notePeak()
  }

  /// Whether another allocator owns the whole page. Reading it is safe, because the page belongs to the caller. Its
  /// last bytes hold the seal.
  private func isSealed(_ address: UInt, _ page: PageSize) -> Bool {
    let slab = SlabPointer.around(address, pageMask: page.mask)
    return slab.pointee.seal == slab.ownedSeal
  }

  /// Whether the page, or a part of it, belongs to this zone.
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

  /// Takes a page out of the zone and clears its seal. The caller gives the page back.
  func removePage(_ slab: SlabPointer) -> UInt {
    uncharge(slab.page.size)
    return forgetPage(slab)
  }

  /// Takes a page out of the zone that goes on counting to its limits.
  func forgetPage(_ slab: SlabPointer) -> UInt {
    let page = slab.page
    if !Build.isSmall { pointee.departures &+= 1 }
    pages(page).remove(slab)
    slab.pointee.seal = 0
    if isHardened { slab.clearGuards() }
    pointee.ledger.giveBack(page)
    return slab.pageAddress
  }
}
