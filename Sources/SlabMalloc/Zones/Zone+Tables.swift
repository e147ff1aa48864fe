import CSlabmalloc

/// Pages for the directory and for descriptors of runs.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Takes a base page for the zone itself, from the provider or an empty slab, and runs the body with it. The body runs
  /// while the directory is being changed.
  func takeInTable(_ body: (UInt) -> Void) -> Status {
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

  /// Makes room in the directory for an entry of a page.
  func growDirectory(for address: UInt) -> Status {
    takeInTable { pointee.directory?.grow(for: address, with: $0) }
  }

  /// Grows the directory if the leaf of a page is crowded. Lookups work without it, and nothing happens if there is no
  /// page.
  func growWhenCrowded(_ address: UInt) {
    guard isInitialized, let directory = pointee.directory else { return }
    if directory.change({ directory.isCrowded(address) }) { _ = growDirectory(for: address) }
  }

  /// Makes the page at hand one of the directory's.
  func addTable(_ address: UInt, for page: UInt) {
    guard let directory = pointee.directory else { return }
    directory.grow(for: page, with: address)
    directory.pointee.ledger.take(self.page)
  }
}
