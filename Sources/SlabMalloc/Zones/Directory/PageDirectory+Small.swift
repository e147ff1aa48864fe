/// The directory of the small library: 16 chains of slabs, by the hash of their page. It has no tables, and never takes
/// memory: code counts for more there than the time of a lookup, which grows with the number of pages.
///
///     chains: | slab | 0 | slab | ... |        slab -> slab -> nil
///
/// The link lies in the last bytes of a slab's descriptor, where the full library has the owner and the guard.
extension UnsafeMutablePointer where Pointee == PageDirectory {
  private func chain(of page: UInt) -> UnsafeMutablePointer<SlabPointer?> {
    UnsafeMutableRawPointer(firstLeaf(0)).assumingMemoryBound(to: SlabPointer?.self)
      + Int(bitPattern: DirectoryView.place(DirectoryView.hash(key(of: page))))
  }

  /// The slab around an address.
  func findInChain(_ address: UInt) -> SlabPointer? {
    let wanted = SlabPointer.ending(with: key(of: address))
    var slab = chain(of: address).pointee
    while let found = slab, found != wanted { slab = found.link.pointee }
    return slab
  }

  func insertIntoChain(_ slab: SlabPointer) {
    let chain = chain(of: slab.pointee.start)
    slab.link.pointee = chain.pointee
    chain.pointee = slab
  }

  func removeFromChain(_ slab: SlabPointer) {
    var link = chain(of: slab.pointee.start)
    while let found = link.pointee, found != slab { link = found.link }
    link.pointee = slab.link.pointee
  }

  /// Calls the body with each slab. The body may release the slab's page.
  func forEachInChains(_ body: (SlabPointer) -> Void) {
    let chains = UnsafeMutableRawPointer(firstLeaf(0)).assumingMemoryBound(to: SlabPointer?.self)
    for index in 0..<Int(DirectoryView.tableCount) {
      var slab = chains[index]
      while let found = slab {
        slab = found.link.pointee
        body(found)
      }
    }
  }
}

extension UnsafeMutablePointer where Pointee == Slab {
  /// The next slab of a chain.
  fileprivate var link: UnsafeMutablePointer<SlabPointer?> {
    UnsafeMutableRawPointer(self).advanced(by: MemoryLayout<Slab>.size - 8).assumingMemoryBound(to: SlabPointer?.self)
  }

  /// Carves the slab anew. Its place in a chain stays.
  func carveInChain(_ body: () -> Void) {
    let next = link.pointee
    body()
    link.pointee = next
  }
}
