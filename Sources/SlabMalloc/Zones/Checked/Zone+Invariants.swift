#if SLM_ASSERT
  /// The invariants of a zone, which must hold between any two calls.
  ///
  ///     pages held = pages of its slabs + pages of its runs
  ///     a slab is found by each of its pages
  ///     a slab is in the list of its state, once, and in no other
  ///     a run has an object or is in the list of free ones
  ///     in a hardened zone: slots set aside = slots in quarantine + retired ones
  ///
  /// Zones per CPU share a directory, and each checks its own slabs alone, because others change theirs meanwhile. The
  /// zone that has the large objects checks them.
  ///
  /// A build with assertions checks them at each refill and reclaim, and at every 64th call on slow paths. XCTest
  /// checks them after each step.
  extension UnsafeMutablePointer where Pointee == ZoneState {
    /// The first broken invariant; nil if all hold.
    func violation() -> Violation? {
      guard let directory = pointee.directory else { return nil }
      var listed = ListedSlabs()
      for index in 0..<pointee.binCount {
        if let violation = listed.count(bin(index), in: self) { return violation }
      }
      var slabs = ListedSlabs()
      let violation = directory.locked { directory.violation() ?? slabViolation(in: directory, &slabs) }
      if let violation { return violation }
      // Each list holds slabs of its state, once. A list with as many members as there are slabs of the state therefore
      // holds all of them.
      if listed.partial != slabs.partial { return broken("a partial slab is in no list") }
      if listed.sparse != slabs.sparse { return broken("a sparse slab is in no list") }
      if listed.empty != slabs.empty { return broken("an empty slab is in no list") }
      if listed.current != slabs.current { return broken("a current slab is no bin's") }
      return runViolation() ?? ledgerViolation(slabs) ?? quarantineViolation(setAside: slabs.setAside)
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

    private func broken(_ text: StaticString) -> Violation { Violation(text, at: UInt(bitPattern: self)) }

    private var areAllIntact: Bool {
      guard isHardened else { return true }
      var areIntact = true
      forEachSlab { areIntact = areIntact && isIntact($0) }
      return areIntact
    }

    private func slabViolation(in directory: PageDirectoryPointer, _ slabs: inout ListedSlabs) -> Violation? {
      var violation: Violation?
      directory.forEachSlab { slab in
        guard violation == nil, slab.pointee.owner == pointee.owner else { return }
        violation = self.violation(slab, in: directory)
        slabs.count(slab)
        slabs.countPages(slab, in: self)
      }
      return violation
    }

    private func violation(_ slab: SlabPointer, in directory: PageDirectoryPointer) -> Violation? {
      let (start, bytes) = (slab.pointee.start, slab.bytes)
      guard start & page.mask == 0, bytes & page.mask == 0, bytes != 0, bytes <= PageSize.large.size else {
        return Violation("a slab does not consist of pages", at: slab.address)
      }
      guard UInt(slab.pointee.binIndex) < pointee.binCount else {
        return Violation("a slab has no bin", at: slab.address)
      }
      let bin = bin(UInt(slab.pointee.binIndex))
      guard accepts(bytes, bin), start & (slabAlignment(bytes, bin) &- 1) == 0 else {
        return Violation("a slab is no slab for its bin", at: slab.address)
      }
      // A large page has one entry.
      let isLarge = !Build.isSmall && bytes == PageSize.large.size
      var offset: UInt = 0
      while offset < bytes {
        let entry = directory.entry(start &+ offset)
        if entry != (isLarge && offset != 0 ? nil : (bytes &- offset &- 1) &>> UInt(page.shift)) {
          return Violation("a slab is not found by one of its pages", at: slab.address)
        }
        offset &+= page.size
      }
      return slab.violation(in: bin)
    }

    /// Nobody else changes the runs of this zone while it runs.
    private func runViolation() -> Violation? {
      guard pointee.hasRuns, let directory = pointee.directory else { return nil }
      var listed: UInt = 0
      var next = directory.pointee.runs.free.first
      while let run = next {
        if run.isLive || !run.isPushed { return Violation("a run is free, and is not", at: run.pointee.start) }
        if directory.pointee.runs.find(run.pointee.start) != run {
          return Violation("a free run is not in the tree", at: run.pointee.start)
        }
        listed += 1
        next = run.pointee.next
      }
      return listed == runSums.free ? nil : broken("a run without an object is in no list")
    }

    private var runSums: TreeSums {
      var sums = TreeSums()
      if pointee.hasRuns { _ = pointee.directory?.pointee.runs.root?.violation(from: 0, to: UInt.max, &sums) }
      return sums
    }

    private func ledgerViolation(_ slabs: ListedSlabs) -> Violation? {
      var (base, large) = (slabs.basePages, slabs.largePages)
      forEachRun {
        if isLargePage($0.pointee.bytes) { large += 1 } else { base += $0.pointee.bytes &>> UInt(page.shift) }
      }
      let ledger = pointee.ledger
      if ledger.baseTaken - ledger.baseGivenBack != UInt64(base) {
        return broken("the ledger's base pages are not those held")
      }
      if ledger.largeTaken - ledger.largeGivenBack != UInt64(large) {
        return broken("the ledger's large pages are not those held")
      }
      return nil
    }

    private func forEachRun(_ body: (ObjectRunPointer) -> Void) {
      guard pointee.hasRuns, let directory = pointee.directory else { return }
      var next = directory.pointee.runs.first(from: 0)
      while let run = next {
        body(run)
        next = directory.pointee.runs.first(from: run.pointee.start &+ 1)
      }
    }

    private func quarantineViolation(setAside: UInt) -> Violation? {
      guard !Build.isSmall, let hardening = pointee.hardening else { return nil }
      var waiting: UInt = 0
      for index in 0..<pointee.binCount {
        let bin = bin(index)
        for place in 0..<bin.quarantineCount where bin.quarantined[place] != 0 {
          waiting += 1
          if let violation = violation(quarantined: bin.quarantined[place], index) { return violation }
        }
      }
      if setAside == waiting + hardening.pointee.retired + hardening.pointee.changing { return nil }
      return Violation("slots set aside are neither in quarantine nor retired", at: UInt(bitPattern: self))
    }

    private func violation(quarantined slot: UInt, _ binIndex: UInt) -> Violation? {
      guard let slab = slab(around: slot) else { return Violation("a foreign pointer is in quarantine", at: slot) }
      if UInt(slab.pointee.binIndex) != binIndex { return Violation("another bin's slot is in quarantine", at: slot) }
      let place = slab.slot(at: slot)
      let setAside = slab.word(SlotWord.word(ofSlot: place.index)).pointee.setAside
      guard place.isStart, setAside &>> SlotWord.bit(ofSlot: place.index) & 1 == 1 else {
        return Violation("a slot is in quarantine, but not set aside", at: slot)
      }
      return nil
    }
  }
#else
  extension UnsafeMutablePointer where Pointee == ZoneState {
    @inline(__always) func checkInvariants() {}
    @inline(__always) func checkInvariantsNowAndThen() {}
  }
#endif
