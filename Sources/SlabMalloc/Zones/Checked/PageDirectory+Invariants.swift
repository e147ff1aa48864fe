#if SLM_ASSERT
  /// The invariants of a page directory, which hold while nobody changes it.
  ///
  ///     count  = entries of all leaves = the sum of the leaves' headers
  ///     tables = leaves and nodes outside the zone's storage
  ///     pages held = tables + pages of descriptors <= entries that lead to no slab
  ///     an entry is where a lookup finds it, and leads to the last page of a slab
  ///
  /// The caller holds the lock of a shared directory. Entries without a slab may be more than the pages held, because
  /// pages that come in have entries before they are carved.
  extension UnsafeMutablePointer where Pointee == PageDirectory {
    /// The first broken invariant; nil if all hold.
    func violation() -> Violation? {
      guard pointee.view.rootOffset != 0 else { return nil }
      var violation: Violation?
      var sums = EntrySums()
      forEachLeaf { if violation == nil { violation = self.violation(leaf: $0, &sums) } }
      if let violation { return violation }
      if sums.entries != pointee.count { return broken("a directory's count is not that of its entries") }
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
      for place in 0..<lastPlace(of: leaf) {
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
      var tables: UInt = 0
      var stray: UInt = 0
      forEachTable {
        tables += 1
        if entry($0) != noSlab { stray = $0 }
      }
      if stray != 0 { return Violation("a page of the directory has no entry", at: stray) }
      if tables != pointee.tables { return broken("a directory's tables are not counted") }
      let held = pointee.ledger.pagesHeld
      if held > UInt64(sums.withoutSlab) { return broken("a page that serves the directory has no entry") }
      return held == UInt64(tables + descriptorPages) ? nil : broken("the directory's ledger is not its pages")
    }

    /// Pages of descriptors: those with a free one are in a list, and the others are full.
    private var descriptorPages: UInt {
      guard !Build.isSmall else { return 0 }
      var (pages, used) = (UInt(0), UInt(0))
      var next = pointee.runs.descriptors.first
      while let page = next {
        pages += 1
        used += page.pointee.used
        next = page.pointee.next
      }
      var sums = TreeSums()
      _ = pointee.runs.root?.violation(from: 0, to: UInt.max, &sums)
      return pages + (sums.pulled &- used) / DescriptorPage.capacity(page)
    }

    private func runViolation() -> Violation? {
      guard !Build.isSmall else { return nil }
      var sums = TreeSums()
      if let violation = pointee.runs.root?.violation(from: 0, to: UInt.max, &sums) { return violation }
      return sums.runs == pointee.runs.count ? nil : broken("the count of runs is wrong")
    }
  }

  /// What the leaves hold.
  private struct EntrySums {
    var entries: UInt = 0
    /// Pages that come in, and those of the directory and of descriptors.
    var withoutSlab: UInt = 0
  }
#endif
