/// The tables of a directory: it grows and shrinks by a page at a time.
extension UnsafeMutablePointer where Pointee == PageDirectory {
  /// Whether a page's leaf should split when there is a page for it.
  func isCrowded(_ page: UInt) -> Bool {
    let (leaf, _) = leaf(of: DirectoryView.hash(key(of: page)))
    return entryCount(leaf) > splitLimit(leaf)
  }

  /// Makes room in the leaf of a page with a new page for the directory: by a larger first leaf, a split, or a node that
  /// a split needs. The caller asks again until there is room.
  func grow(for page: UInt, with table: UInt) {
    let words = UnsafeMutablePointer<UInt>(bitPattern: table).unsafelyUnwrapped
    pointee.tables &+= 1
    let hash = DirectoryView.hash(key(of: page))
    let (leaf, slot) = leaf(of: hash)
    if leaf == firstLeaf {
      words.initialize(repeating: 0, count: Int(tableCount))
      moveFirstLeaf(to: words)
    } else if pointee.view.rootMask == 0 {
      words.initialize(repeating: UInt(bitPattern: leaf) | 1, count: Int(tableCount))
      show(root: table)
    } else {
      let bits = distinguishingBits(slot.place, index: hash &>> shift(slot.level) & (tableCount &- 1))
      if bits == nodeBits {
        words.initialize(repeating: UInt(bitPattern: leaf) | 1, count: Int(tableCount))
        slot.place.pointee = table
      } else {
        words.initialize(repeating: 0, count: Int(tableCount))
        split(leaf, into: words, slot.place, slot.level, hash, bits)
      }
    }
    enterTable(table)
  }

  private func moveFirstLeaf(to words: UnsafeMutablePointer<UInt>) {
    let old = firstLeaf
    let count = Int(PageDirectory.firstLeafCount) - 1
    show(onlyLeaf: words)
    for place in 0..<count where old[place] != 0 {
      add(old[place], entryHash(old[place]), to: words)
    }
  }

  private func shift(_ level: UInt) -> UInt { DirectoryView.rootShift &+ level &* nodeBits }

  /// The first slot of the node with this slot.
  private func node(_ place: UnsafeMutablePointer<UInt>, _ level: UInt, _ hash: UInt) -> UnsafeMutablePointer<UInt> {
    place - Int(bitPattern: hash &>> shift(level) & (tableCount &- 1))
  }

  /// The number of the lowest bits of its index that all slots of a leaf share: the leaf has every slot of its node with
  /// the same bits.
  func distinguishingBits(_ place: UnsafeMutablePointer<UInt>, index: UInt) -> UInt {
    let node = place - Int(bitPattern: index)
    var bits = nodeBits
    while bits > 0, node[Int(bitPattern: index ^ 1 &<< (bits &- 1))] == place.pointee { bits &-= 1 }
    return bits
  }

  /// Moves the entries of half of a leaf's slots to a new leaf: those whose hash has the next bit set.
  private func split(
    _ leaf: UnsafeMutablePointer<UInt>, into new: UnsafeMutablePointer<UInt>, _ place: UnsafeMutablePointer<UInt>,
    _ level: UInt, _ hash: UInt, _ bits: UInt
  ) {
    let node = node(place, level, hash)
    let step: UInt = 1 &<< bits
    var index = hash &>> shift(level) & (step &- 1) | step
    var place = 0
    while place < Int(bitPattern: lastPlace(of: leaf)) {
      let entry = leaf[place]
      let entryHash = entryHash(entry)
      if entry != 0, entryHash &>> shift(level) & step != 0 {
        add(entry, entryHash, to: new)
        removeEntry(at: UInt(place), from: leaf)
      } else {
        place += 1
      }
    }
    while index < tableCount {
      node[Int(bitPattern: index)] = UInt(bitPattern: new) | 1
      index &+= step &<< 1
    }
  }

  /// Calls the body with each leaf.
  func forEachLeaf(_ body: (UnsafeMutablePointer<UInt>) -> Void) {
    guard pointee.view.rootOffset != 0 else { return }
    guard pointee.view.rootMask != 0 else { return body(DirectoryViewPointer.leaf(view.root.pointee)) }
    forEachLeaf(of: view.root, body)
  }

  private func forEachLeaf(
    of node: UnsafeMutablePointer<UInt>, _ body: (UnsafeMutablePointer<UInt>) -> Void
  ) {
    for index in 0..<tableCount {
      let slot = node[Int(bitPattern: index)]
      if slot & 1 == 0, let deeper = UnsafeMutablePointer<UInt>(bitPattern: slot) {
        forEachLeaf(of: deeper, body)
      } else if isFirstSlot(index, of: node) {
        body(DirectoryViewPointer.leaf(slot))
      }
    }
  }

  /// Whether no lower slot of the node leads to the same leaf.
  func isFirstSlot(_ index: UInt, of node: UnsafeMutablePointer<UInt>) -> Bool {
    guard index != 0 else { return true }
    let top = UInt(UInt.bitWidth - 1 - index.leadingZeroBitCount)
    return node[Int(bitPattern: index ^ 1 &<< top)] != node[Int(bitPattern: index)]
  }
}
