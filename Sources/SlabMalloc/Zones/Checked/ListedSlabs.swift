#if SLM_ASSERT
  /// The numbers of slabs in each state, and of their pages.
  struct ListedSlabs {
    var current: UInt = 0
    var partial: UInt = 0
    var sparse: UInt = 0
    var empty: UInt = 0
    var basePages: UInt = 0
    var largePages: UInt = 0
    var setAside: UInt = 0

    mutating func countPages(_ slab: SlabPointer, in zone: ZonePointer) {
      if zone.isLargePage(slab.bytes) { largePages += 1 } else { basePages += slab.bytes &>> UInt(zone.page.shift) }
      if zone.isHardened { setAside += slab.pendingCount }
    }

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
      if empty.count != UInt(bin.pointee.emptyCount) { return Violation("emptyCount is wrong", at: bits(bin)) }
      if empty.slots != UInt(bin.pointee.emptySlots) { return Violation("emptySlots is wrong", at: bits(bin)) }
      self.partial += partial.count
      self.sparse += sparse.count
      self.empty += empty.count
      return bin.readyViolation(in: zone)
    }
  }

  extension UnsafeMutablePointer where Pointee == Bin {
    /// Walks over a list of slabs. All must be of this bin and state, and linked both ways.
    fileprivate func walk(
      _ state: Slab.State, _ first: SlabPointer?, last: SlabPointer?, in zone: ZonePointer
    ) -> (count: UInt, slots: UInt, violation: Violation?) {
      var (before, next) = (SlabPointer?.none, first)
      var (count, slots) = (UInt(0), UInt(0))
      while let slab = next {
        guard zone.slab(around: slab.pointee.start) == slab else {
          return (count, slots, Violation("a list holds a slab that the directory does not", at: slab.address))
        }
        if slab.pointee.state != state || slab.pointee.binIndex != pointee.index {
          return (count, slots, Violation("a slab is in the wrong list", at: slab.address))
        }
        if slab.pointee.previous != before {
          return (count, slots, Violation("a slab's previous is wrong", at: slab.address))
        }
        count += 1
        slots += UInt(slab.pointee.slotCount)
        (before, next) = (slab, slab.pointee.next)
      }
      // `last` means nothing in an empty list. The stack of empty slabs has no `last`.
      if first != nil, state != .empty, last != before {
        return (count, slots, Violation("a list's last is wrong", at: bits(self)))
      }
      return (count, slots, nil)
    }

    /// Ready slots must be of a slab of this bin. Without ready slots there is nothing to check.
    fileprivate func readyViolation(in zone: ZonePointer) -> Violation? {
      guard readySlots != 0 else { return nil }
      guard let slab = zone.slab(around: pointee.wordStart), slab.pointee.binIndex == pointee.index,
        slab.hasWord(withReadyAt: pointee.ready)
      else { return Violation("ready slots are of no slab", at: bits(self)) }
      return nil
    }
  }
#endif
