import CSlabmalloc

/// Memory for the zone itself: tables of its directory, and descriptors of runs. Both are cells of base pages, which
/// come from the provider or are empty slabs.
///
/// There may be neither: the client pushes all pages, or the provider has none left. A table then lodges in the page
/// that comes in, and the page's slab has fewer slots: the page serves its class at once. A slab of more pages, or one
/// without room beside its slots, lodges none, and its first page becomes one of cells.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Takes a cell for a table. If there is no page for it, `status` gets the reason.
  private func takeTable(_ status: inout Status) -> UInt? {
    while isInitialized, let directory = pointee.directory {
      if let cell = directory.change({ directory.pointee.tables.take() }) { return cell }
      let bytes = page.size
      status = takeInPage { directory.pointee.tables.add($0, bytes: bytes, cell: PageDirectory.tableBytes) }
      guard status == .ok else { return nil }
    }
    status = .notInitialized
    return nil
  }

  /// Takes a cell for the descriptor of a run. If there is no page for it, `status` gets the reason.
  func takeDescriptor(_ status: inout Status) -> UInt? {
    while isInitialized, let directory = pointee.directory {
      if let cell = directory.change({ directory.pointee.runs.descriptors.take() }) { return cell }
      let bytes = page.size
      var taken: UInt = 0
      status = takeInPage {
        taken = $0
        directory.pointee.runs.descriptors.add($0, bytes: bytes, cell: ObjectRun.cellSize)
      }
      guard status == .ok else { return nil }
      growWhenCrowded(taken)
    }
    status = .notInitialized
    return nil
  }

  /// Takes a base page for cells. The body runs while the directory is being changed.
  private func takeInPage(_ body: (UInt) -> Void) -> Status {
    var status = Status.ok
    guard let address = requestPages(page.size, page.size, &status) ?? emptyPage() else {
      return isInitialized ? status : .notInitialized
    }
    status = .notInitialized
    if isInitialized, let directory = pointee.directory {
      status = .badPage
      if canBeRun(address, page.size, alignment: page.size) {
        status = directory.change {
          if directory.holdsAny(address, page.size) || isSealed(endingAt: address &+ page.size) { return .pageOwned }
          return keep(address, directory, body) ? .ok : .outOfMemory
        }
        if status == .ok { notePeak() }
      }
    }
    returnUnusable(address, page.size, status)
    // The caller has pages of its own, of which this says nothing.
    return status == .badPage || status == .pageOwned ? .outOfMemory : status
  }

  /// Makes a page one of cells, which the body adds. False if the directory has no place for its entry. The leaf that
  /// knows the page splits when it is crowded, if a table is at hand.
  private func keep(_ address: UInt, _ directory: PageDirectoryPointer, _ body: (UInt) -> Void) -> Bool {
    guard directory.enterTable(address) else { return false }
    body(address)
    directory.pointee.ledger.take(page)
    if directory.isCrowded(address), let table = directory.pointee.tables.take() {
      directory.grow(for: address, with: table)
    }
    return true
  }

  private func emptyPage() -> UInt? {
    guard isInitialized else { return nil }
    for index in 0..<pointee.binCount {
      if let slab = bin(index).takeSpare({ $0.bytes == page.size }) { return remove(slab, isMoving: true).address }
    }
    return nil
  }

  /// Makes room in the directory for an entry of a page. False, with the reason, if there is no page for a table.
  func growDirectory(for address: UInt, _ why: inout Status) -> Bool {
    guard let table = takeTable(&why), let directory = pointee.directory else { return false }
    directory.change { directory.grow(for: address, with: table) }
    return true
  }

  /// Grows the directory if the leaf of a page is crowded. Lookups work without it, and nothing happens if there is no
  /// page.
  func growWhenCrowded(_ address: UInt) {
    guard !Build.isSmall, isInitialized, let directory = pointee.directory else { return }
    var status = Status.ok
    if directory.locked({ directory.isCrowded(address) }) { _ = growDirectory(for: address, &status) }
  }

  /// Makes room in the directory with a table that lodges in the page that comes in, as its slab's next lodger. False
  /// if no slot would be left. Constructed objects in the table's place are destroyed.
  func lodge(
    _ address: UInt, _ bytes: UInt, for bin: BinPointer, _ lodgers: inout UInt8, _ constructed: SlabPointer?
  ) -> Bool {
    let geometry = bin.geometry(bytes: bytes, lodgers: UInt(lodgers) + 1)
    guard lodgers < 64, geometry.slotCount != 0, let directory = pointee.directory else { return false }
    lodgers += 1
    let descriptor = address &+ bytes &- SlabGeometry.descriptorSize
    let table = SlabGeometry.lodgersStart(descriptor, wordCount: geometry.wordCount, UInt(lodgers))
    if let constructed { destroyObjects(constructed, from: geometry.slotCount) }
    directory.change {
      if lodgers == 1 { directory.pointee.comingIn += 1 }
      directory.grow(for: address, with: table)
    }
    return true
  }

  /// Keeps the first page of what was pushed for tables; all pages, if the rest would hold no slot. Returns their
  /// bytes, or nil if the directory has no place for their entries.
  func keepForTables(_ address: UInt, _ bytes: UInt, of bin: BinPointer) -> UInt? {
    let rest = bytes &- page.size
    let kept = rest >= bin.pointee.slotSize && bin.geometry(bytes: rest).slotCount != 0 ? page.size : bytes
    var offset: UInt = 0
    while offset < kept, keepForTables(address &+ offset) { offset &+= page.size }
    return offset == kept ? kept : nil
  }

  private func keepForTables(_ address: UInt) -> Bool {
    guard !Build.isSmall, let directory = pointee.directory else { return false }
    let bytes = page.size
    return directory.change {
      keep(address, directory) { directory.pointee.tables.add($0, bytes: bytes, cell: PageDirectory.tableBytes) }
    }
  }

  /// Takes tables that the directory no longer needs out of it. False if there is none. Their pages may leave now.
  func shrinkDirectory() -> Bool {
    guard !Build.isSmall, isInitialized, let directory = pointee.directory else { return false }
    var isAny = false
    while directory.change({ freeTable(of: directory) }) { isAny = true }
    return isAny
  }

  private func freeTable(of directory: PageDirectoryPointer) -> Bool {
    guard directory.pointee.comingIn == 0, let table = directory.takeUnneededTable() else { return false }
    if let slab = directory.find(table) {
      slab.pointee.lodgersLeft -= 1
    } else {
      directory.pointee.tables.giveBack(table, pageMask: page.mask)
    }
    return true
  }

  /// Takes out a page of cells of which none is used. With `isMoving` it goes on counting to the limits, and another
  /// ledger counts it.
  func takeUnusedPage(isMoving: Bool = false) -> UInt? {
    guard !Build.isSmall, let directory = pointee.directory else { return nil }
    return directory.change {
      guard let address = directory.pointee.tables.takeUnused() ?? directory.pointee.runs.descriptors.takeUnused()
      else {
        return nil
      }
      directory.remove(address)
      if isMoving {
        directory.pointee.ledger.untake(page)
      } else {
        directory.pointee.ledger.giveBack(page)
      }
      return address
    }
  }
}
