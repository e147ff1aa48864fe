@testable import SlabMalloc

/// What the lists of heaps hold, and each slab against it.
struct HeapLists {
  /// By slab: the bin and the place whose list it is in.
  private var places: [RunPointer: (bin: HeapBinPointer, place: PageRun.Place)] = [:]
  private var orphans: [RunPointer: Int] = [:]
  private var large: [RunPointer: ExplicitHeapPointer] = [:]
  /// On a heap's stack of remote frees.
  private var remote: [RunPointer: HeapPointer] = [:]
  /// Ready and pending slots by slab: indices.
  private var held: [RunPointer: [UInt]] = [:]
  /// The same in quarantine.
  private var quarantined: [RunPointer: [UInt]] = [:]

  mutating func collect(_ heap: HeapPointer) -> String? {
    for index in 0..<SizeClass.count {
      if let text = collect(heap.bin(index), of: heap, UInt8(index)) { return "bin \(index): \(text)" }
    }
    var next = RunPointer(bitPattern: heap.pointee.remote.load(ordering: .relaxed))
    while let run = next {
      if remote.updateValue(heap, forKey: run) != nil { return "a slab is on two stacks of remote frees" }
      next = run.pointee.remoteNext
    }
    // The first part is every explicit heap's.
    guard let explicit = heap.pointee.explicit, explicit.firstPart == heap else { return nil }
    return explicit.pointee.large.walk {
      large.updateValue(explicit, forKey: $0) == nil ? nil : "a large object is listed twice"
    }
  }

  private mutating func collect(_ bin: HeapBinPointer, of heap: HeapPointer, _ index: UInt8) -> String? {
    if bin.pointee.heap != heap || bin.pointee.index != index { return "another's" }
    if let current = bin.pointee.current { places[current] = (bin, .current) }
    for place in [PageRun.Place.partial, .sparse] {
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
      guard let run = bin.pointee.heap.pool.runs.run(around: ready.address) else { return "a ready slot in no slab" }
      let (index, isStart) = run.slot(ofAny: ready.address)
      if !isStart || run.mark(index) != ready.mark { return "a ready slot is none" }
      if run.isHardened {
        quarantined[run, default: []].append(index)
      } else {
        held[run, default: []].append(index)
      }
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

  mutating func collectOrphans(_ pool: HeapPoolPointer) -> String? {
    for index in 0..<Int(SizeClass.count) {
      var count: UInt32 = 0
      let text = pool.pointee.orphans.lists[index].walk {
        count += 1
        return orphans.updateValue(index, forKey: $0) == nil ? nil : "a slab is listed twice"
      }
      if let text { return "orphans \(index): \(text)" }
      if pool.pointee.orphans.counts[index].load(ordering: .relaxed) != count { return "orphanCounts \(index)" }
    }
    return nil
  }

  /// A large object that is in a heap's list says so.
  mutating func found(large run: RunPointer) -> String? {
    let heap = large.removeValue(forKey: run)
    return LargeObject(run).heap == heap ? nil : "listed by no heap, or by another"
  }

  /// Whatever was not found in a reserve.
  var leftOver: String? {
    if !places.isEmpty { return "bins list \(places.count) runs that are no slabs" }
    if !orphans.isEmpty { return "\(orphans.count) orphans are no slabs" }
    if !remote.isEmpty { return "\(remote.count) runs with remote frees are no slabs" }
    if !large.isEmpty { return "heaps list \(large.count) runs that are no large objects" }
    if !quarantined.isEmpty { return "slots of \(quarantined.count) runs that are no slabs are in quarantine" }
    return held.isEmpty ? nil : "bins hold slots of \(held.count) runs that are no slabs"
  }

  /// What the lists say of a slab.
  struct Entry {
    var place: (bin: HeapBinPointer, place: PageRun.Place)?
    /// The class of orphans.
    var orphan: Int?
    /// On whose stack of remote frees.
    var remote: HeapPointer?
    /// Ready and pending slots.
    var held: [UInt] = []
    var quarantined: [UInt] = []
  }

  mutating func found(slab: RunPointer, heaps: Set<HeapPointer>) -> String? {
    let entry = Entry(
      place: places.removeValue(forKey: slab), orphan: orphans.removeValue(forKey: slab),
      remote: remote.removeValue(forKey: slab), held: held.removeValue(forKey: slab) ?? [],
      quarantined: quarantined.removeValue(forKey: slab) ?? [])
    return slab.violation(entry, heaps: heaps)
  }
}
