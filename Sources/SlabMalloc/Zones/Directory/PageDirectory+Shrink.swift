/// The directory gives pages back: two leaves with few entries become one, a node with one leaf leaves, and a few entries
/// return to the first leaf.
extension UnsafeMutablePointer where Pointee == PageDirectory {
  /// Takes out a page that the directory no longer needs. Moves the entries of one leaf at most.
  func takeUnneeded() -> UInt? {
    if !Build.isSmall, let page = pointee.runs.takeUnusedPage() {
      remove(page)
      return page
    }
    guard pointee.tables != 0, pointee.view.rootOffset != 0 else { return nil }
    guard let table = pointee.view.rootMask == 0 ? takeOnlyLeaf() : takeUnneeded(from: view.root, 0, in: nil) else {
      return nil
    }
    pointee.tables &-= 1
    remove(table)
    return table
  }

  /// Moves the entries of the only leaf to the first leaf.
  private func takeOnlyLeaf() -> UInt? {
    let leaf = DirectoryViewPointer.leaf(view.root.pointee)
    guard leaf != firstLeaf, pointee.count <= PageDirectory.firstLeafCount / 2 else { return nil }
    let count = Int(lastPlace(of: leaf))
    firstLeaf.initialize(repeating: 0, count: Int(PageDirectory.firstLeafCount))
    show(onlyLeaf: firstLeaf)
    for place in 0..<count where leaf[place] != 0 {
      add(leaf[place], entryHash(leaf[place]), to: firstLeaf)
    }
    return UInt(bitPattern: leaf)
  }

  /// Takes out a table of a node or below it. `place` is the slot that leads to the node.
  private func takeUnneeded(
    from node: UnsafeMutablePointer<UInt>, _ level: UInt, in place: UnsafeMutablePointer<UInt>?
  ) -> UInt? {
    for index in 0..<tableCount {
      let slot = node + Int(bitPattern: index)
      if slot.pointee & 1 == 0, let deeper = UnsafeMutablePointer<UInt>(bitPattern: slot.pointee) {
        if let table = takeUnneeded(from: deeper, level + 1, in: slot) { return table }
      } else if isFirstSlot(index, of: node) {
        let bits = distinguishingBits(slot, index: index)
        if bits == 0 { return takeOut(node, with: slot.pointee, in: place) }
        if let table = merge(node, index, bits) { return table }
      }
    }
    return nil
  }

  /// Takes out a node whose slots all lead to one leaf.
  private func takeOut(
    _ node: UnsafeMutablePointer<UInt>, with slot: UInt, in place: UnsafeMutablePointer<UInt>?
  ) -> UInt? {
    if let place {
      place.pointee = slot
    } else {
      show(onlyLeaf: DirectoryViewPointer.leaf(slot))
    }
    return UInt(bitPattern: node)
  }

  /// Moves the entries of a leaf to the leaf from which it split, if both have few.
  private func merge(_ node: UnsafeMutablePointer<UInt>, _ index: UInt, _ bits: UInt) -> UInt? {
    let step: UInt = 1 &<< (bits &- 1)
    guard index & step != 0 else { return nil }
    let kept = node[Int(bitPattern: index ^ step)]
    guard kept & 1 == 1, distinguishingBits(node + Int(bitPattern: index ^ step), index: index ^ step) == bits else {
      return nil
    }
    let (leaf, other) = (DirectoryViewPointer.leaf(kept), DirectoryViewPointer.leaf(node[Int(bitPattern: index)]))
    guard entryCount(leaf) &+ entryCount(other) <= splitLimit(leaf) / 2 else { return nil }
    for place in 0..<Int(bitPattern: lastPlace(of: other)) where other[place] != 0 {
      add(other[place], entryHash(other[place]), to: leaf)
    }
    var next = index
    while next < tableCount {
      node[Int(bitPattern: next)] = kept
      next &+= step &<< 1
    }
    return UInt(bitPattern: other)
  }

  /// Calls the body with each table, a node after all that it leads to. The body may release the table.
  func forEachTable(_ body: (UInt) -> Void) {
    guard pointee.view.rootOffset != 0 else { return }
    guard pointee.view.rootMask != 0 else {
      let leaf = DirectoryViewPointer.leaf(view.root.pointee)
      if leaf != firstLeaf { body(UInt(bitPattern: leaf)) }
      return
    }
    forEachTable(from: view.root, body)
  }

  private func forEachTable(from node: UnsafeMutablePointer<UInt>, _ body: (UInt) -> Void) {
    for index in 0..<tableCount {
      let slot = node[Int(bitPattern: index)]
      if slot & 1 == 0, let deeper = UnsafeMutablePointer<UInt>(bitPattern: slot) {
        forEachTable(from: deeper, body)
      } else if isFirstSlot(index, of: node) {
        body(slot &- 1)
      }
    }
    body(UInt(bitPattern: node))
  }
}
