@testable import SlabMalloc

/// What must hold between any two calls.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// The first invariant that does not hold, as text.
  func violation() -> String? {
    var lists = SlabLists()
    var pending: UInt = 0
    for index in 0..<pointee.binCount {
      if let text = lists.collect(bin(index)) { return "bin \(index): \(text)" }
    }
    for map in [basePages, largePages] {
      if let text = violation(map, &lists, &pending) { return "map of \(map.page.bytes)-byte pages: \(text)" }
    }
    if !lists.members.isEmpty { return "a list holds \(lists.members.count) slabs that are in no page map" }
    if let text = ledgerViolation() { return text }
    return quarantineViolation(pending: pending)
  }

  /// In a hardened zone pending slots = slots in quarantine + retired ones, and what is in quarantine is pending.
  private func quarantineViolation(pending: UInt) -> String? {
    guard let hardening = pointee.hardening else { return nil }
    var waiting: UInt = 0
    for index in 0..<pointee.binCount {
      for slot in waitingSlots(bin(index)) {
        waiting += 1
        guard let found = self.slab(around: slot) else { return "bin \(index): foreign in quarantine" }
        if UInt(found.pointee.binIndex) != index { return "bin \(index): another bin's in quarantine" }
        let place: (index: UInt, isStart: Bool) = found.hardenedSlot(at: slot)
        let bit: UInt = 1 &<< SlotWord.bit(ofSlot: place.index)
        let pendingBits: UInt = found.word(SlotWord.word(ofSlot: place.index)).pointee.pending
        if !place.isStart || pendingBits & bit == 0 { return "bin \(index): in quarantine, but not pending" }
      }
    }
    let retired: UInt = hardening.pointee.retired
    if pending == waiting + retired { return nil }
    return "\(pending) pending, but \(waiting) in quarantine, \(retired) retired"
  }

  private func waitingSlots(_ bin: BinPointer) -> [UInt] {
    guard let quarantine = bin.pointee.quarantine else { return [] }
    let count: Int = Int(quarantine.pointee.length) * 2
    return UnsafeBufferPointer(start: quarantine.entries, count: count).filter { $0 != 0 }
  }

  private func violation(_ map: PageMapPointer, _ lists: inout SlabLists, _ pending: inout UInt) -> String? {
    var slabs: [SlabPointer] = []
    map.forEach { slabs.append($0) }
    guard UInt(slabs.count) == map.pointee.count else { return "count \(map.pointee.count), but \(slabs.count) slabs" }
    for slab in slabs {
      let name = "slab \(String(slab.pageAddress, radix: 16)) of bin \(slab.pointee.binIndex): "
      if map.find(slab.pageAddress) != slab || map.find(slab.pageEnd) != slab { return name + "not found" }
      if slab.page != map.page { return name + "in the wrong map" }
      guard UInt(slab.pointee.binIndex) < pointee.binCount else { return name + "no such bin" }
      let bin = bin(UInt(slab.pointee.binIndex))
      if let text = slab.violation(in: bin) { return name + text }
      if bin.pointee.quarantine != nil { pending += slab.pendingCount }
      if lists.members.removeValue(forKey: slab) ?? .full != slab.pointee.state {
        return name + "not in the list of its state"
      }
    }
    return nil
  }

  /// Pages held = pages in the maps + the maps' own pages.
  private func ledgerViolation() -> String? {
    var base = basePages.pointee.count
    var large = largePages.pointee.count
    for map in [basePages, largePages] {
      guard let table = map.pointee.table else { continue }
      if table.isLarge { large += 1 } else { base += 1 }
    }
    let ledger = pointee.ledger
    if ledger.baseTaken - ledger.baseGivenBack != UInt64(base) { return "\(ledger), but \(base) base pages" }
    if ledger.largeTaken - ledger.largeGivenBack != UInt64(large) { return "\(ledger), but \(large) large pages" }
    return nil
  }
}

/// Which slab is in which list, by a walk over the lists.
private struct SlabLists {
  var members: [SlabPointer: Slab.State] = [:]

  mutating func collect(_ bin: BinPointer) -> String? {
    if let current = bin.pointee.current, members.updateValue(.current, forKey: current) != nil {
      return "current is in a list"
    }
    let sparse = bin.pointee.sparseCount
    return collect(.partial, bin.pointee.partial.first, last: bin.pointee.partial.last)
      ?? collect(.sparse, bin.pointee.sparse.first, last: bin.pointee.sparse.last)
      ?? (sparse == length(bin.pointee.sparse.first) ? nil : "sparseCount is \(sparse)")
      ?? collect(.empty, bin.pointee.empty.first)
      ?? (bin.pointee.emptyCount == length(bin.pointee.empty.first) ? nil : "\(bin.pointee.emptyCount) empty slabs")
      ?? pendingViolation(bin)
  }

  private mutating func collect(_ state: Slab.State, _ first: SlabPointer?, last: SlabPointer?? = .none) -> String? {
    var before: SlabPointer?
    var next = first
    while let slab = next {
      if members.updateValue(state, forKey: slab) != nil { return "\(state): a slab is in two lists" }
      if slab.pointee.previous != before { return "\(state): previous is wrong" }
      before = slab
      next = slab.pointee.next
    }
    // What is last means nothing in a list that is empty.
    if let last, first != nil, last != before { return "\(state): last is wrong" }
    return nil
  }

  private func length(_ first: SlabPointer?) -> UInt32 {
    sequence(first: first) { $0?.pointee.next }.prefix { $0 != nil }.reduce(0) { count, _ in count + 1 }
  }

  /// Pending slots are of a slab of the bin, which is checked there; without one there are none.
  private func pendingViolation(_ bin: BinPointer) -> String? {
    guard bin.pendingSlots != 0 else { return nil }
    let slab = SlabPointer.around(bin.pointee.wordStart, pageMask: bin.pointee.page.mask)
    return slab.hasWord(withPendingAt: bin.pointee.pending) ? nil : "pending slots of no slab"
  }
}
