import CSlabmalloc

/// Memory for the zone itself: tables of its directory, and descriptors of runs. Both are cells of base pages, which come
/// from the provider or are empty slabs.
///
/// A zone whose client pushes all pages may have neither. A table then lodges in the page that comes in, and the page's
/// slab has fewer slots: each page that is pushed serves its class at once.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Takes a cell for a table; nil if there is no page for it.
  func takeTable() -> UInt? {
    while isInitialized, let directory = pointee.directory {
      if let cell = directory.change({ directory.pointee.tables.take() }) { return cell }
      let bytes = page.size
      guard
        takeInPage({
          directory.pointee.tables.add($0, bytes: bytes, cell: PageDirectory.tableBytes)
        }) == .ok
      else { return nil }
    }
    return nil
  }

  /// Takes a cell for the descriptor of a run; nil if there is no page for it.
  func takeDescriptor() -> UInt? {
    while isInitialized, let directory = pointee.directory {
      if let cell = directory.change({ directory.pointee.runs.descriptors.take() }) { return cell }
      let bytes = page.size
      guard
        takeInPage({
          directory.pointee.runs.descriptors.add($0, bytes: bytes, cell: ObjectRun.cellSize)
        }) == .ok
      else { return nil }
    }
    return nil
  }

  /// Takes a base page for cells. The body runs while the directory is being changed.
  private func takeInPage(_ body: (UInt) -> Void) -> Status {
    guard let address = requestPages(page.size, page.size) ?? emptyPage() else {
      return isInitialized ? .outOfMemory : .notInitialized
    }
    var status = Status.notInitialized
    if isInitialized, let directory = pointee.directory {
      status = .badPage
      if canBeRun(address, page.size, alignment: page.size) {
        status = directory.change {
          if directory.holdsAny(address, page.size) || isSealed(endingAt: address &+ page.size) { return .pageOwned }
          body(address)
          directory.enterTable(address)
          directory.pointee.ledger.take(page)
          return .ok
        }
      }
    }
    returnUnusable(address, page.size, status)
    return status
  }

  private func emptyPage() -> UInt? {
    guard isInitialized else { return nil }
    for index in 0..<pointee.binCount {
      if let slab = bin(index).takeSpare(atMost: page.size) { return remove(slab).address }
    }
    return nil
  }

  /// Makes room in the directory for an entry of a page. False if there is no page for a table.
  func growDirectory(for address: UInt) -> Bool {
    guard let table = takeTable(), let directory = pointee.directory else { return false }
    directory.change { directory.grow(for: address, with: table) }
    return true
  }

  /// Grows the directory if the leaf of a page is crowded. Lookups work without it, and nothing happens if there is no
  /// page.
  func growWhenCrowded(_ address: UInt) {
    guard !Build.isSmall, isInitialized, let directory = pointee.directory else { return }
    if directory.locked({ directory.isCrowded(address) }) { _ = growDirectory(for: address) }
  }

  /// Makes room in the directory with a table that lodges in the page that comes in, as its slab's next lodger. False if
  /// no slot would be left.
  func lodge(_ address: UInt, _ bytes: UInt, for bin: BinPointer, _ lodgers: inout UInt8) -> Bool {
    let geometry = bin.geometry(bytes: bytes, lodgers: UInt(lodgers) + 1)
    guard lodgers < 64, geometry.slotCount != 0, let directory = pointee.directory else { return false }
    lodgers += 1
    let descriptor = address &+ bytes &- SlabGeometry.descriptorSize
    let table = SlabGeometry.lodgersStart(descriptor, wordCount: geometry.wordCount, UInt(lodgers))
    directory.change { directory.grow(for: address, with: table) }
    return true
  }

  /// Takes tables that the directory no longer needs out of it. False if there is none. Their pages may leave now.
  func shrinkDirectory() -> Bool {
    guard !Build.isSmall, isInitialized, let directory = pointee.directory else { return false }
    var isAny = false
    while directory.change({ freeTable(of: directory) }) { isAny = true }
    return isAny
  }

  private func freeTable(of directory: PageDirectoryPointer) -> Bool {
    guard let table = directory.takeUnneededTable() else { return false }
    if let slab = directory.find(table) {
      slab.pointee.lodgers -= 1
    } else {
      directory.pointee.tables.giveBack(table, pageMask: page.mask)
    }
    return true
  }

  /// Takes out a page of cells of which none is used.
  func takeUnusedPage() -> UInt? {
    guard !Build.isSmall, let directory = pointee.directory else { return nil }
    return directory.change {
      guard let address = directory.pointee.tables.takeUnused() ?? directory.pointee.runs.descriptors.takeUnused() else {
        return nil
      }
      directory.remove(address)
      directory.pointee.ledger.giveBack(page)
      return address
    }
  }
}
