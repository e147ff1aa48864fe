import Synchronization

/// The directory grows by one table at a time.
extension UnsafeMutablePointer where Pointee == PageDirectory {
  /// Whether the leaf of a page should split when there is a table for it.
  ///
  /// The first table takes a page for itself. It waits until that is at most a 64th of the pages.
  func isCrowded(_ page: UInt) -> Bool {
    let count = entryCount(leaf(of: DirectoryView.hash(key(of: page))).leaf)
    return count > (pointee.tableCount == 0 ? splitLimit / 2 * 3 : splitLimit)
  }

  /// Makes room in the leaf of a page with a new table: it splits the leaf, or makes the node that a split needs. The
  /// caller asks again until there is room.
  ///
  /// A lookup of another CPU may follow a slot before it finds that the version changed. It reads no memory that is no
  /// table yet: a table is written before its address, and read by the address.
  func grow(for page: UInt, with table: UInt) {
    let (leaf, slot) = leaf(of: DirectoryView.hash(key(of: page)))
    let words = DirectoryViewPointer.node(table)
    let bits = slot.distinguishingBits
    pointee.tableCount &+= 1
    if bits == slot.bits {
      words.initialize(repeating: slot.place.pointee, count: Int(DirectoryView.tableCount))
      if pointee.isShared { atomicMemoryFence(ordering: .releasing) }
      slot.place.pointee = table
    } else {
      words.initialize(repeating: 0, count: Int(DirectoryView.tableCount))
      split(leaf, into: words, slot, bits)
    }
  }

  /// Moves the entries of half of a leaf's slots to a new leaf: those whose hash has the next bit set.
  private func split(
    _ leaf: UnsafeMutablePointer<UInt>, into new: UnsafeMutablePointer<UInt>, _ slot: DirectorySlot, _ bits: UInt
  ) {
    let step: UInt = 1 &<< bits
    var place = 0
    while place < Int(DirectoryView.tableCount) - 1 {
      let entry = leaf[place]
      let hash = entryHash(entry)
      if entry != 0, hash &>> slot.shift & step != 0 {
        add(entry, hash, to: new)
        removeEntry(at: UInt(place), from: leaf)
      } else {
        place += 1
      }
    }
    if pointee.isShared { atomicMemoryFence(ordering: .releasing) }
    slot.sibling(slot.index & (step &- 1) | step).setEach(step &<< 1, to: UInt(bitPattern: new) | 1)
  }

  /// Calls the body with each leaf.
  func forEachLeaf(_ body: (UnsafeMutablePointer<UInt>) -> Void) {
    guard pointee.view.root != 0 else { return }
    forEachLeaf(of: rootSlot(0), body)
  }

  private func forEachLeaf(of first: DirectorySlot, _ body: (UnsafeMutablePointer<UInt>) -> Void) {
    for index in 0..<first.count {
      let slot = first.sibling(index)
      let content = slot.place.pointee
      if content & 1 == 0 {
        forEachLeaf(of: slot.below(content, 0), body)
      } else if slot.isFirst {
        body(DirectoryViewPointer.leaf(content))
      }
    }
  }
}
