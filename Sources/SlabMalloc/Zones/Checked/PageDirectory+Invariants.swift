#if SLM_ASSERT
  /// The invariants of a page directory, which hold while nobody changes it.
  ///
  ///     count = entries of all leaves = the sum of the leaves' headers; tableCount = tables outside the zone's storage
  ///     pages of cells <= entries that lead to no slab
  ///     tables lie in the zone's storage, in pages of cells, or in slabs: as many as a slab says it lodges
  ///     an entry is where a lookup finds it, and leads to the last page of a slab
  ///
  /// The caller holds the lock of a shared directory. Entries without a slab may be more than the pages of cells,
  /// because pages that come in have entries before they are carved. A page that comes in to a shared directory may
  /// also have tables before it is a slab.
  extension UnsafeMutablePointer where Pointee == PageDirectory {
    /// The first broken invariant; nil if all hold.
    func violation() -> Violation? {
      guard pointee.view.root != 0 else { return nil }
      var violation: Violation?
      var sums = EntrySums()
      forEachLeaf { if violation == nil { violation = self.violation(leaf: $0, &sums) } }
      if let violation { return violation }
      if sums.entries != UInt(pointee.count) { return broken("a directory's count is not that of its entries") }
      return tableViolation(sums) ?? runViolation()
    }

    /// Entries that lead to no slab.
    var entriesWithoutSlab: UInt {
      var sums = EntrySums()
      forEachLeaf { _ = violation(leaf: $0, &sums) }
      return sums.withoutSlab
    }

    /// The distance in the entry of the page around an address; nil if there is none.
    func entry(_ address: UInt) -> UInt? {
      let key = key(of: address)
      let hash = DirectoryView.hash(key)
      let (leaf, _) = leaf(of: hash)
      return place(of: key, hash, in: leaf).map { leaf[Int(bitPattern: $0)] ^ key }
    }

    private func broken(_ text: StaticString) -> Violation { Violation(text, at: UInt(bitPattern: self)) }

    private func violation(leaf: UnsafeMutablePointer<UInt>, _ sums: inout EntrySums) -> Violation? {
      var count: UInt = 0
      for place in 0..<DirectoryView.tableCount - 1 {
        let entry = leaf[Int(bitPattern: place)]
        guard entry != 0 else { continue }
        count += 1
        if let violation = violation(entry: entry, at: place, of: leaf) { return violation }
        if entry ^ key(of: entry) == noSlab { sums.withoutSlab += 1 }
      }
      sums.entries += count
      return count == entryCount(leaf) ? nil : broken("a leaf's count is not that of its entries")
    }

    private func violation(entry: UInt, at place: UInt, of leaf: UnsafeMutablePointer<UInt>) -> Violation? {
      let key = key(of: entry)
      let hash = DirectoryView.hash(key)
      guard self.leaf(of: hash).leaf == leaf, self.place(of: key, hash, in: leaf) == place else {
        return Violation("an entry is not where a lookup finds it", at: key)
      }
      let distance = entry ^ key
      if distance == noSlab || distance == 0 { return nil }
      if !Build.isSmall, distance == largeDistance, key & PageSize.large.mask == page.mask { return nil }
      let last = key &+ distance &<< UInt(page.shift)
      return self.entry(last) == 0 ? nil : Violation("an entry leads to no slab's last page", at: key)
    }

    private func tableViolation(_ sums: EntrySums) -> Violation? {
      if pointee.ledger.pagesHeld > UInt64(sums.withoutSlab) { return broken("a page of cells has no entry") }
      // A table lodges in the page that comes in before the page has its entry.
      guard pointee.comingIn == 0 else { return nil }
      var tables = TableSums()
      count(rootSlot(0), &tables)
      if tables.inCells + tables.inSlabs != UInt(pointee.tableCount) {
        return broken("a directory's tables are not counted")
      }
      if tables.stray != 0 { return Violation("a table is in no page of the directory", at: tables.stray) }
      guard !pointee.isShared else { return nil }
      let cells = (page.size - UInt(MemoryLayout<CellPage>.stride)) / PageDirectory.tableBytes
      if UInt64(tables.inCells) > pointee.ledger.pagesHeld * UInt64(cells) { return broken("more tables than cells") }
      var lodgers: UInt = 0
      forEachSlab { lodgers += UInt($0.pointee.lodgersLeft) }
      return tables.inSlabs == lodgers ? nil : broken("a slab does not lodge the tables that it counts")
    }

    private func count(_ first: DirectorySlot, _ tables: inout TableSums) {
      for index in 0..<first.count {
        let slot = first.sibling(index)
        let content = slot.place.pointee
        if content & 1 == 0 {
          count(table: content, &tables)
          count(slot.below(content, 0), &tables)
        } else if slot.isFirst, !isFirstLeaf(DirectoryViewPointer.leaf(content)) {
          count(table: content &- 1, &tables)
        }
      }
    }

    private func count(table: UInt, _ tables: inout TableSums) {
      guard let distance = entry(table) ?? (find(table) == nil ? nil : 0) else { return tables.stray = table }
      if distance == noSlab { tables.inCells += 1 } else { tables.inSlabs += 1 }
    }

    private func runViolation() -> Violation? {
      guard !Build.isSmall else { return nil }
      var sums = TreeSums()
      if let violation = pointee.runs.root?.violation(from: 0, to: UInt.max, &sums) { return violation }
      return sums.runs == UInt(pointee.runs.count) ? nil : broken("the count of runs is wrong")
    }
  }

  /// What the leaves hold.
  private struct EntrySums {
    var entries: UInt = 0
    /// Pages that come in, and those of cells.
    var withoutSlab: UInt = 0
  }

  /// Tables outside the zone's storage, by the kind of their pages.
  private struct TableSums {
    var inCells: UInt = 0
    var inSlabs: UInt = 0
    /// One in a page that the zone does not hold.
    var stray: UInt = 0
  }
#endif
