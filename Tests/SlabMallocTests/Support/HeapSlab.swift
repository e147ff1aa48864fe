@testable import SlabMalloc

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Slots that are used, or were freed remotely and not collected: those that are out, but for what the bin holds.
  var usedSlots: UInt {
    let size = UInt(MemoryLayout<ReadySlot>.stride)
    guard currentOwner.heap != nil else { return slotsOut }
    var held = pointee.place == .current ? UInt(bin.pointee.pending.nonzeroBitCount) : 0
    for place in stride(from: bin.pointee.bottom + size, to: bin.pointee.top, by: Int(size)) {
      let address = HeapBinPointer.ready(at: place).pointee.address
      if address >= pointee.start, address < endAddress { held += 1 }
    }
    return slotsOut - held
  }

  /// The first invariant of a slab that does not hold, as text.
  func violation(_ entry: HeapLists.Entry, heaps: Set<HeapPointer>) -> String? {
    geometryViolation() ?? slotViolation(entry.held, quarantined: entry.quarantined) ?? ownerViolation(entry, heaps)
  }

  private func geometryViolation() -> String? {
    let slotSize = SizeClass.slotSize(UInt(pointee.binIndex))
    if UInt(pointee.slotSize) != slotSize { return "carved for another class" }
    let (pages, most) = (UInt(pointee.pages) - (isHardened ? 1 : 0), HeapBin.pages(slotSize))
    if isHardened ? pages != most : most % pages != 0 || pages < HeapBin.firstPages(slotSize) {
      return "\(pages) pages"
    }
    let distance = isHardened ? slotDistance : slotSize
    if UInt(pointee.slotCount) != pages << PageRun.pageShift / distance { return "\(pointee.slotCount) slots" }
    let lines = HeapBin.markLines(UInt(pointee.slotCount)) * Metadata.line
    if UInt(bitPattern: pointee.words) - UInt(bitPattern: pointee.marks) != lines { return "words don't follow marks" }
    return isHardened || pointee.reciprocal == UInt.max / slotSize + 1 ? nil : "reciprocal"
  }

  /// slotCount = used + remote + available + held, and marks and words say the same.
  private func slotViolation(_ held: [UInt], quarantined: [UInt]) -> String? {
    let count = Int(pointee.slotCount)
    let (free, used, remote) = countMarks()
    if free + used + remote != count { return "an unknown mark" }
    for index in count..<(count + 63) / 64 * 64 where pointee.marks[index] != Mark.none {
      return "a mark past the last slot"
    }
    var available = 0
    for word in 0..<(count + 63) / 64 {
      let bits = pointee.words[word]
      if bits & ~lowBits(UInt(count - word * 64)) != 0 { return "a bit past the last slot" }
      available += bits.nonzeroBitCount
      if !areFree(word, bits) { return "an available slot is marked as used" }
    }
    if Int(pointee.available) != available { return "available is \(pointee.available), not \(available)" }
    let out = used + remote + held.count + quarantined.count
    if out + available != count {
      return "\(held.count + quarantined.count) held + \(available) + \(used + remote) used"
    }
    if Int(slotsOut) != out { return "\(slotsOut) are out, not \(out)" }
    for index in held + quarantined {
      if !areFree(Int(index >> 6), 1 << UInt64(index & 63)) { return "a held slot is marked as used" }
      if pointee.words[Int(index >> 6)] >> UInt64(index & 63) & 1 == 1 { return "a held slot is available too" }
    }
    if Set(held + quarantined).count != held.count + quarantined.count { return "a slot is held twice" }
    return UInt(remote) == currentOwner.remoteFrees
      ? nil : "\(currentOwner.remoteFrees) remote frees, but \(remote) are marked"
  }

  private func countMarks() -> (free: Int, used: Int, remote: Int) {
    var counts = (free: 0, used: 0, remote: 0)
    let (marks, count) = (pointee.marks, Int(pointee.slotCount))
    var index = 0
    while index < count {
      switch marks[index] {
      case Mark.free, Mark.fresh: counts.free &+= 1
      case Mark.used, Mark.retired: counts.used &+= 1
      case Mark.remote: counts.remote &+= 1
      default: break
      }
      index &+= 1
    }
    return counts
  }

  private func areFree(_ word: Int, _ bits: UInt64) -> Bool {
    let marks = pointee.marks + word * 64
    var left = bits
    while left != 0 {
      let mark = marks[left.trailingZeroBitCount]
      if mark != Mark.free, mark != Mark.fresh { return false }
      left &= left &- 1
    }
    return true
  }

  /// A slab is in the one list that its owner and its slots say.
  private func ownerViolation(_ entry: HeapLists.Entry, _ heaps: Set<HeapPointer>) -> String? {
    if pointee.isOrphan != (entry.orphan != nil) { return "isOrphan" }
    guard let owner = currentOwner.heap else { return nobodysViolation(entry) }
    guard heaps.contains(owner) else { return "owned by no heap" }
    if entry.orphan != nil { return "an orphan with an owner" }
    guard let place = entry.place, place.bin == owner.bin(UInt(pointee.binIndex)), place.bin == classBin else {
      return "in no list of its owner"
    }
    if bin != place.bin, bin != owner.drain || isHardened || opener == owner.address { return "in another bin" }
    if place.place != pointee.place { return "\(pointee.place), but listed as \(place.place)" }
    if (currentOwner.remoteFrees != 0) != (entry.remote != nil) || entry.remote ?? owner != owner {
      return "\(currentOwner.remoteFrees) remote frees, on a stack: \(entry.remote != nil)"
    }
    return placeViolation()
  }

  private func nobodysViolation(_ entry: HeapLists.Entry) -> String? {
    if entry.place != nil || !entry.held.isEmpty || (!entry.quarantined.isEmpty && !isHardened) || entry.remote != nil {
      return "nobody's, but in a heap"
    }
    if pointee.place != .unlisted || bin != .nobodys { return "nobody's, but \(pointee.place)" }
    if currentOwner.remoteFrees != 0 { return "nobody's, but with remote frees" }
    if entry.orphan ?? Int(pointee.binIndex) != Int(pointee.binIndex) { return "an orphan of another class" }
    if isUnused { return "nobody's and unused" }
    return (entry.orphan != nil) == (pointee.available > 0) ? nil : "an orphan or not, with \(pointee.available) slots"
  }

  private func placeViolation() -> String? {
    let threshold = max(UInt32(pointee.slotCount / 16), 1)
    if pointee.place != .current, isUnused, currentOwner.remoteFrees == 0 { return "\(pointee.place), but unused" }
    switch pointee.place {
    case .unlisted: return "owned, but nowhere"
    case .current: return nil
    case .partial:
      return pointee.available >= threshold && pointee.countdown > 0 && pointee.countdown <= UInt32(slotsOut)
        ? nil : "partial with \(pointee.available) slots, countdown \(pointee.countdown)"
    case .sparse:
      return pointee.available < threshold && pointee.countdown == threshold - pointee.available
        ? nil : "sparse with \(pointee.available) slots, countdown \(pointee.countdown)"
    }
  }
}
