@testable import SlabMalloc

/// What the lists of heaps hold, and each slab against it.
struct HeapLists {
  /// By slab: the bin and the place whose list it is in.
  private var places: [RunPointer: (bin: HeapBinPointer, place: Run.Place)] = [:]
  private var orphans: [RunPointer: Int] = [:]
  private var large: [RunPointer: HeapPointer] = [:]
  /// On a heap's stack of remote frees.
  private var remote: [RunPointer: HeapPointer] = [:]
  /// Ready and pending slots by slab: indices.
  private var held: [RunPointer: [UInt]] = [:]

  mutating func collect(_ heap: HeapPointer) -> String? {
    if !heap.isInitialized { return "a heap lost its seal" }
    for index in 0..<SizeClass.count {
      if let text = collect(heap.bin(index), of: heap, UInt8(index)) { return "bin \(index): \(text)" }
    }
    var next = RunPointer(bitPattern: heap.remote.pointee.load(ordering: .relaxed))
    while let run = next {
      if remote.updateValue(heap, forKey: run) != nil { return "a slab is on two stacks of remote frees" }
      next = run.pointee.remoteNext
    }
    return heap.pointee.large.walk { large.updateValue(heap, forKey: $0) == nil ? nil : "a large object is listed twice" }
  }

  private mutating func collect(_ bin: HeapBinPointer, of heap: HeapPointer, _ index: UInt8) -> String? {
    if bin.pointee.heap != heap || bin.pointee.index != index { return "another's" }
    if let current = bin.pointee.current { places[current] = (bin, .current) }
    for place in [Run.Place.partial, .sparse] {
      let list = place == .partial ? bin.pointee.partial : bin.pointee.sparse
      let text = list.walk { places.updateValue((bin, place), forKey: $0) == nil ? nil : "a slab is in two lists" }
      if let text { return "\(place): \(text)" }
    }
    return collectReady(bin) ?? collectPending(bin)
  }

  private mutating func collectReady(_ bin: HeapBinPointer) -> String? {
    let size = UInt(MemoryLayout<ReadySlot>.stride)
    if HeapBinPointer.ready(at: bin.pointee.bottom).pointee.address != 0 { return "the stack's bottom" }
    if bin.pointee.top > bin.pointee.limit || bin.pointee.top <= bin.pointee.bottom { return "the stack's top" }
    for address in stride(from: bin.pointee.bottom + size, to: bin.pointee.top, by: Int(size)) {
      let ready = HeapBinPointer.ready(at: address).pointee
      let (index, isStart) = ready.run.slot(at: ready.address)
      if !isStart || ready.run.mark(index) != ready.mark { return "a ready slot is none" }
      held[ready.run, default: []].append(index)
    }
    return nil
  }

  private mutating func collectPending(_ bin: HeapBinPointer) -> String? {
    guard bin.pointee.pending != 0 else { return nil }
    guard let current = bin.pointee.current else { return "pending slots of no slab" }
    let first = UInt(bin.pointee.wordMarks - current.pointee.marks)
    if first % 64 != 0 || bin.pointee.wordStart != current.pointee.start + first * bin.pointee.slotSize {
      return "wordStart and wordMarks differ"
    }
    for bit in UInt(0)..<64 where bin.pointee.pending >> UInt64(bit) & 1 == 1 {
      held[current, default: []].append(first + bit)
    }
    return nil
  }

  mutating func collectOrphans(_ process: ProcessHeapPointer) -> String? {
    for index in 0..<Int(SizeClass.count) {
      var count: UInt32 = 0
      let text = process.pointee.orphans[index].walk {
        count += 1
        return orphans.updateValue(index, forKey: $0) == nil ? nil : "a slab is listed twice"
      }
      if let text { return "orphans \(index): \(text)" }
      if process.pointee.orphanCounts[index] != count { return "orphanCounts \(index)" }
    }
    return nil
  }

  /// A large object that is in a heap's list says so.
  mutating func found(large run: RunPointer) -> String? {
    let heap = large.removeValue(forKey: run)
    if (heap != nil) != (run.pointee.place == .partial) { return "listed by no heap, or one too many" }
    return heap == nil || run.pointee.bin.pointee.heap == heap ? nil : "listed by another heap"
  }

  /// Whatever was not found in a reserve.
  var leftOver: String? {
    if !places.isEmpty { return "bins list \(places.count) runs that are no slabs" }
    if !orphans.isEmpty { return "\(orphans.count) orphans are no slabs" }
    if !remote.isEmpty { return "\(remote.count) runs with remote frees are no slabs" }
    if !large.isEmpty { return "heaps list \(large.count) runs that are no large objects" }
    return held.isEmpty ? nil : "bins hold slots of \(held.count) runs that are no slabs"
  }
}

extension HeapLists {
  mutating func found(slab: RunPointer, heaps: Set<HeapPointer>) -> String? {
    let held = held.removeValue(forKey: slab) ?? []
    let (place, orphan, remote) = (
      places.removeValue(forKey: slab), orphans.removeValue(forKey: slab), remote.removeValue(forKey: slab)
    )
    if let text = slab.geometryViolation() ?? slab.slotViolation(held: held, isOwned: slab.pointee.owner != 0) { return text }
    if slab.pointee.isOrphan != (orphan != nil) { return "isOrphan" }
    let count = slab.remoteCount.pointee.load(ordering: .relaxed)
    guard let owner = HeapPointer(bitPattern: slab.pointee.owner) else {
      if place != nil || !held.isEmpty || remote != nil { return "without an owner, but in a heap" }
      if slab.pointee.place != .full { return "without an owner, but \(slab.pointee.place)" }
      if count != 0 { return "without an owner, but with remote frees" }
      if orphan != nil, orphan != Int(slab.pointee.binIndex) { return "an orphan of another class" }
      return (orphan != nil) == (slab.pointee.available > 0) ? nil : "an orphan, or not, with \(slab.pointee.available) slots"
    }
    guard heaps.contains(owner) else { return "owned by no heap" }
    if orphan != nil { return "an orphan with an owner" }
    guard let place, place.bin == owner.bin(UInt(slab.pointee.binIndex)), place.bin == slab.pointee.bin else {
      return "in no list of its owner"
    }
    if place.place != slab.pointee.place { return "\(slab.pointee.place), but listed as \(place.place)" }
    if (count != 0) != (remote != nil) || remote ?? owner != owner { return "\(count) remote frees, on stack: \(remote != nil)" }
    return slab.placeViolation(place.bin)
  }
}

extension UnsafeMutablePointer where Pointee == Run {
  fileprivate func geometryViolation() -> String? {
    let slotSize = SizeClass.slotSize(UInt(pointee.binIndex))
    if UInt(pointee.slotSize) != slotSize || UInt(pointee.pages) != HeapBin.pages(slotSize) { return "carved for another class" }
    if UInt(pointee.slotCount) != bytes / slotSize { return "\(pointee.slotCount) slots" }
    return pointee.reciprocal == UInt.max / slotSize + 1 ? nil : "reciprocal"
  }

  /// slotCount = used + available + held, and marks and words say the same.
  fileprivate func slotViolation(held: [UInt], isOwned: Bool) -> String? {
    let count = Int(pointee.slotCount)
    var marks = [Int](repeating: 0, count: 256)
    for index in 0..<count { marks[Int(pointee.marks[index])] += 1 }
    let free = marks[Int(Mark.free)] + marks[Int(Mark.fresh)]
    if free + marks[Int(Mark.used)] + marks[Int(Mark.remote)] != count { return "an unknown mark" }
    for index in count..<(count + 63) / 64 * 64 where pointee.marks[index] != Mark.none { return "a mark past the last slot" }
    if Int(pointee.used) != count - free { return "used is \(pointee.used), but \(count - free) are marked" }
    var available = 0
    for word in 0..<(count + 63) / 64 {
      var bits = pointee.words[word]
      if bits & ~lowBits(UInt(count - word * 64)) != 0 { return "a bit past the last slot" }
      available += bits.nonzeroBitCount
      while bits != 0 {
        let mark = pointee.marks[word * 64 + bits.trailingZeroBitCount]
        if mark != Mark.free, mark != Mark.fresh { return "an available slot has the mark \(mark)" }
        bits &= bits - 1
      }
    }
    if Int(pointee.available) != available { return "available is \(pointee.available), not \(available)" }
    if Int(pointee.used) + available + held.count != count { return "\(held.count) held + \(available) + \(pointee.used) used" }
    for index in held {
      if mark(index).pointee != Mark.free, mark(index).pointee != Mark.fresh { return "a held slot is used" }
      if pointee.words[Int(index >> 6)] >> UInt64(index & 63) & 1 == 1 { return "a held slot is available too" }
    }
    if Set(held).count != held.count { return "a slot is held twice" }
    let remote = marks[Int(Mark.remote)]
    return UInt32(remote) == remoteCount.pointee.load(ordering: .relaxed) ? nil : "remoteCount, with \(remote) marked"
  }

  fileprivate func placeViolation(_ bin: HeapBinPointer) -> String? {
    let (available, threshold) = (pointee.available, UInt32(bin.pointee.threshold))
    switch pointee.place {
    case .full: return "owned, but nowhere"
    case .current: return nil
    case .partial:
      if pointee.used == 0 { return "unused" }
      return available >= threshold ? nil : "partial with \(available) slots"
    case .sparse:
      if pointee.used == 0 { return "unused" }
      return available < threshold && pointee.shortfall == threshold - available
        ? nil : "sparse with \(available) slots, shortfall \(pointee.shortfall)"
    }
  }
}
