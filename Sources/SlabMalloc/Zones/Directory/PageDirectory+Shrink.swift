/// The directory shrinks by one table at a time: two leaves with few entries become one, and a node with one leaf
/// leaves.
extension UnsafeMutablePointer where Pointee == PageDirectory {
  /// Takes out a table that the directory no longer needs. Moves the entries of one leaf at most.
  func takeUnneededTable() -> UInt? {
    guard pointee.tableCount != 0, let table = takeUnneeded(from: rootSlot(0), in: nil) else { return nil }
    pointee.tableCount &-= 1
    return table
  }

  /// Takes out a table of a node or below it. `parent` is the slot that leads to the node.
  private func takeUnneeded(from first: DirectorySlot, in parent: DirectorySlot?) -> UInt? {
    for index in 0..<first.count {
      let slot = first.sibling(index)
      let content = slot.place.pointee
      if content & 1 == 0 {
        if let table = takeUnneeded(from: slot.below(content, 0), in: slot) { return table }
      } else if slot.isFirst {
        let bits = slot.distinguishingBits
        if bits == 0, let parent {
          parent.place.pointee = content
          return UInt(bitPattern: slot.node)
        }
        if let table = merge(slot, bits) { return table }
      }
    }
    return nil
  }

  /// Moves the entries of a leaf to the leaf from which it split, or the other way round, if both have few.
  private func merge(_ slot: DirectorySlot, _ bits: UInt) -> UInt? {
    guard bits != 0 else { return nil }
    let step: UInt = 1 &<< (bits &- 1)
    let other = slot.sibling(slot.index ^ step)
    guard slot.index & step != 0, other.place.pointee & 1 == 1, other.distinguishingBits == bits else { return nil }
    var kept = DirectoryViewPointer.leaf(other.place.pointee)
    var gone = DirectoryViewPointer.leaf(slot.place.pointee)
    if isFirstLeaf(gone) { (kept, gone) = (gone, kept) }
    guard !isFirstLeaf(gone), entryCount(kept) &+ entryCount(gone) <= splitLimit / 2 else { return nil }
    for place in 0..<Int(DirectoryView.tableCount) - 1 where gone[place] != 0 {
      add(gone[place], entryHash(gone[place]), to: kept)
    }
    other.sibling(other.index & (step &- 1)).setEach(step, to: UInt(bitPattern: kept) | 1)
    return UInt(bitPattern: gone)
  }
}
