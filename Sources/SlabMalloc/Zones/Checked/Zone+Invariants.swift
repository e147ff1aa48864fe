#if SLM_ASSERT
  /// The invariants of a zone, which must hold between any two calls.
  ///
  ///     pages held = pages in the maps + the maps' own pages
  ///     a slab is in the list of its state, once, and in no other
  ///     in a hardened zone: slots set aside = slots in quarantine + retired ones
  ///
  /// A build with assertions checks them at each refill and reclaim, and at every 64th call on slow paths. XCTest
  /// checks them after each step.
  extension UnsafeMutablePointer where Pointee == ZoneState {
    /// The first broken invariant; nil if all hold.
    func violation() -> Violation? {
      var listed = ListedSlabs()
      for index in 0..<pointee.binCount {
        if let violation = listed.count(bin(index), in: self) { return violation }
      }
      var setAside: UInt = 0
      var slabs = ListedSlabs()
      if let violation = violation(basePages, &slabs, &setAside) ?? violation(largePages, &slabs, &setAside) {
        return violation
      }
      // Each list holds slabs of its state, once. A list with as many members as there are slabs of the state therefore
      // holds all of them.
      if listed.partial != slabs.partial {
        return Violation("a partial slab is in no list", at: UInt(bitPattern: self))
      }
      if listed.sparse != slabs.sparse { return Violation("a sparse slab is in no list", at: UInt(bitPattern: self)) }
      // The slab of a cache whose objects are being constructed is in no list yet.
      if listed.empty > slabs.empty || slabs.empty - listed.empty > constructingCount {
        return Violation("an empty slab is in no list", at: UInt(bitPattern: self))
      }
      if listed.current != slabs.current { return Violation("a current slab is no bin's", at: UInt(bitPattern: self)) }
      return ledgerViolation() ?? quarantineViolation(setAside: setAside)
    }

    /// Reports the first broken invariant and ends the program. Skips a zone with a broken guard: that is misuse, other
    /// code detects it, and the descriptors may be wrong.
    ///
    /// The walk takes a step for each page. A zone with many pages is therefore checked at every 64th call alone.
    func checkInvariants() {
      guard isInitialized else { return }
      pointee.slowCalls &+= 1
      guard pointee.ledger.pagesHeld <= 16 || pointee.slowCalls % 64 == 0, areAllIntact else { return }
      violation()?.report()
    }

    /// Checks the invariants at every 64th call.
    func checkInvariantsNowAndThen() {
      guard isInitialized else { return }
      pointee.slowCalls &+= 1
      if pointee.slowCalls % 64 == 0, areAllIntact { violation()?.report() }
    }

    private var constructingCount: UInt {
      var count: UInt = 0
      var pull = pointee.pulls
      while let found = pull {
        if found.pointee.purpose == .constructing { count += 1 }
        pull = found.pointee.outer
      }
      return count
    }

    private var areAllIntact: Bool {
      var areIntact = true
      for pages in 0..<2 { (pages == 0 ? basePages : largePages).forEach { areIntact = areIntact && isIntact($0) } }
      return areIntact
    }

    private func violation(
      _ map: PageMapPointer, _ slabs: inout ListedSlabs, _ setAside: inout UInt
    ) -> Violation? {
      var violation: Violation?
      var count: UInt = 0
      map.forEach { slab in
        count += 1
        guard violation == nil else { return }
        violation = self.violation(slab, in: map)
        slabs.count(slab)
        if pointee.hardening != nil { setAside += slab.setAsideCount }
      }
      if let violation { return violation }
      return count == map.pointee.count ? nil : Violation("a map's count is wrong", at: UInt(bitPattern: map))
    }

    private func violation(_ slab: SlabPointer, in map: PageMapPointer) -> Violation? {
      if map.find(slab.pageAddress) != slab || map.find(slab.pageEnd) != slab {
        return Violation("a slab is not found", at: slab.address)
      }
      if slab.page != map.page { return Violation("a slab is in the wrong map", at: slab.address) }
      guard UInt(slab.pointee.binIndex) < pointee.binCount else {
        return Violation("a slab has no bin", at: slab.address)
      }
      return slab.violation(in: bin(UInt(slab.pointee.binIndex)))
    }

    private func ledgerViolation() -> Violation? {
      var (base, large) = (basePages.pointee.count, largePages.pointee.count)
      for index in 0..<2 {
        guard let table = (index == 0 ? basePages : largePages).pointee.table else { continue }
        if table.isLarge { large += 1 } else { base += 1 }
      }
      let ledger = pointee.ledger
      if ledger.baseTaken - ledger.baseGivenBack != UInt64(base) {
        return Violation("the ledger's base pages are not those held", at: UInt(bitPattern: self))
      }
      if ledger.largeTaken - ledger.largeGivenBack != UInt64(large) {
        return Violation("the ledger's large pages are not those held", at: UInt(bitPattern: self))
      }
      return nil
    }

    private func quarantineViolation(setAside: UInt) -> Violation? {
      guard let hardening = pointee.hardening else { return nil }
      var waiting: UInt = 0
      for index in 0..<pointee.binCount {
        guard let quarantine = bin(index).pointee.quarantine else { continue }
        for place in 0..<2 * Int(quarantine.pointee.length) where quarantine.entries[place] != 0 {
          waiting += 1
          if let violation = violation(quarantined: quarantine.entries[place], index) { return violation }
        }
      }
      if setAside == waiting + hardening.pointee.retired + hardening.pointee.ending { return nil }
      return Violation("slots set aside are neither in quarantine nor retired", at: UInt(bitPattern: self))
    }

    private func violation(quarantined slot: UInt, _ binIndex: UInt) -> Violation? {
      guard let slab = slab(around: slot) else { return Violation("a foreign pointer is in quarantine", at: slot) }
      if UInt(slab.pointee.binIndex) != binIndex { return Violation("another bin's slot is in quarantine", at: slot) }
      let place = slab.hardenedSlot(at: slot)
      let setAside = slab.word(SlotWord.word(ofSlot: place.index)).pointee.setAside
      guard place.isStart, setAside &>> SlotWord.bit(ofSlot: place.index) & 1 == 1 else {
        return Violation("a slot is in quarantine, but not set aside", at: slot)
      }
      return nil
    }
  }

  /// The numbers of slabs in each state.
  private struct ListedSlabs {
    var current: UInt = 0
    var partial: UInt = 0
    var sparse: UInt = 0
    var empty: UInt = 0

    mutating func count(_ slab: SlabPointer) {
      switch slab.pointee.state {
      case .full: break
      case .current: current += 1
      case .partial: partial += 1
      case .sparse: sparse += 1
      case .empty: empty += 1
      }
    }

    /// Counts a bin's slabs by a walk over its lists.
    mutating func count(_ bin: BinPointer, in zone: ZonePointer) -> Violation? {
      if let slab = bin.pointee.current {
        if slab.pointee.state != .current { return Violation("a bin's current slab is not current", at: slab.address) }
        current += 1
      }
      let partial = bin.walk(.partial, bin.pointee.partial.first, last: bin.pointee.partial.last, in: zone)
      let sparse = bin.walk(.sparse, bin.pointee.sparse.first, last: bin.pointee.sparse.last, in: zone)
      let empty = bin.walk(.empty, bin.pointee.empty.first, last: nil, in: zone)
      if let violation = partial.violation ?? sparse.violation ?? empty.violation { return violation }
      if sparse.count != UInt(bin.pointee.sparseCount) { return Violation("sparseCount is wrong", at: bits(bin)) }
      if empty.count != UInt(bin.pointee.emptyCount) { return Violation("emptyCount is wrong", at: bits(bin)) }
      self.partial += partial.count
      self.sparse += sparse.count
      self.empty += empty.count
      return bin.readyViolation()
    }
  }

  extension UnsafeMutablePointer where Pointee == Bin {
    /// Walks over a list of slabs. All must be of this bin and state, and linked both ways.
    fileprivate func walk(
      _ state: Slab.State, _ first: SlabPointer?, last: SlabPointer?, in zone: ZonePointer
    ) -> (count: UInt, violation: Violation?) {
      var (before, next) = (SlabPointer?.none, first)
      var count: UInt = 0
      while let slab = next {
        guard zone.slab(around: slab.pageAddress) == slab else {
          return (count, Violation("a list holds a slab that is in no map", at: slab.address))
        }
        if slab.pointee.state != state || slab.pointee.binIndex != pointee.index {
          return (count, Violation("a slab is in the wrong list", at: slab.address))
        }
        if slab.pointee.previous != before { return (count, Violation("a slab's previous is wrong", at: slab.address)) }
        count += 1
        (before, next) = (slab, slab.pointee.next)
      }
      // `last` means nothing in an empty list. The stack of empty slabs has no `last`.
      if first != nil, state != .empty, last != before {
        return (count, Violation("a list's last is wrong", at: bits(self)))
      }
      return (count, nil)
    }

    /// Ready slots must be of a slab of this bin. Without ready slots there is nothing to check.
    fileprivate func readyViolation() -> Violation? {
      guard readySlots != 0 else { return nil }
      let slab = SlabPointer.around(pointee.wordStart, pageMask: pointee.page.mask)
      return slab.hasWord(withReadyAt: pointee.ready) ? nil : Violation("ready slots are of no slab", at: bits(self))
    }
  }
#else
  extension UnsafeMutablePointer where Pointee == ZoneState {
    @inline(__always) func checkInvariants() {}
    @inline(__always) func checkInvariantsNowAndThen() {}
  }
#endif
