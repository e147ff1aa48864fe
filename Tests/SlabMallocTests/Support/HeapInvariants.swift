@testable import SlabMalloc

/// What must hold of a process and its heaps between any two calls.
struct HeapInvariants {
  private let process: ProcessHeapPointer
  /// Those that somebody has, and idle ones.
  private let heaps: Set<HeapPointer>
  private var slabBytes: UInt = 0
  private var largeBytes: UInt = 0
  private var largeLive: UInt = 0
  private var slabs = [UInt32](repeating: 0, count: Int(SizeClass.count))
  /// What the lists of heaps and of orphans hold, until the slab is found in a reserve.
  var members = HeapLists()
  /// Metadata that is in use or free: nothing twice.
  private var blocks: [Range<UInt>] = []

  /// The first invariant that does not hold, as text.
  static func violation(_ process: ProcessHeapPointer, heaps: [HeapPointer]) -> String? {
    let idle = Array(sequence(first: process.pointee.idleHeaps) { $0?.pointee.nextHeap }.prefix { $0 != nil }.compactMap { $0 })
    guard Set(heaps).isDisjoint(with: idle), Set(idle).count == idle.count else { return "a heap is idle, and not" }
    if process.pointee.counts.heaps != UInt(heaps.count) { return "counts.heaps is \(process.pointee.counts.heaps)" }
    var invariants = HeapInvariants(process: process, heaps: Set(heaps + idle))
    return invariants.find()
  }

  private init(process: ProcessHeapPointer, heaps: Set<HeapPointer>) {
    self.process = process
    self.heaps = heaps
  }

  private mutating func find() -> String? {
    for heap in heaps { if let text = members.collect(heap) { return text } }
    if let text = members.collectOrphans(process) { return text }
    for index in 0..<process.pointee.reserveCount {
      guard let reserve = process.pointee.reserves[index] else { continue }
      if let text = find(in: reserve) { return "reserve \(index): \(text)" }
    }
    if let text = members.leftOver { return text }
    return findInCounts() ?? findInMetadata()
  }

  /// Runs tile the reserve, each page leads to its run, and no two free neighbours could be one.
  private mutating func find(in reserve: ReservePointer) -> String? {
    var lists: [RunPointer: Bool] = [:]
    if let text = reserve.pointee.dirty.collect(isClean: false, &lists) { return "dirty runs: \(text)" }
    if let text = reserve.pointee.clean.collect(isClean: true, &lists) { return "clean runs: \(text)" }
    if (reserve.pointee.limit - reserve.pointee.base) >> Run.pageShift > reserve.pointee.capacity { return "limit" }
    var address = reserve.pointee.base
    var before: RunPointer?
    while address < reserve.pointee.limit {
      let run = reserve.descriptor(address)
      let name = "run at page \((address - reserve.pointee.base) >> Run.pageShift), \(run.pointee.kind): "
      if let text = run.tilingViolation(address, limit: reserve.pointee.limit) { return name + text }
      if let text = find(run, &lists, before: before) { return name + text }
      before = run
      address = run.endAddress
    }
    return lists.isEmpty ? nil : "\(lists.count) runs are in lists, but not in the reserve"
  }

  private mutating func find(_ run: RunPointer, _ lists: inout [RunPointer: Bool], before: RunPointer?) -> String? {
    switch run.pointee.kind {
    case .free:
      if lists.removeValue(forKey: run) != run.pointee.isClean { return "not in its list" }
      if let before, before.pointee.kind == .free, before.pointee.isClean == run.pointee.isClean { return "not merged" }
    case .large:
      largeBytes += run.bytes
      largeLive += 1
      if run.pointee.size > run.bytes || run.pointee.size == 0 { return "size \(run.pointee.size)" }
      return members.found(large: run)
    case .slab:
      slabBytes += run.bytes
      slabs[Int(run.pointee.binIndex)] += 1
      let lines = HeapBinPointer.markLines(UInt(run.pointee.slotCount)) * Metadata.line
      blocks.append(UInt(bitPattern: run.pointee.marks)..<UInt(bitPattern: run.pointee.words))
      if blocks[blocks.count - 1].count != Int(lines) { return "words don't follow marks" }
      let words = UInt(bitPattern: run.pointee.words)
      blocks.append(words..<words + Metadata.lines((UInt(run.pointee.slotCount) + 63) / 64 * 8) * Metadata.line)
      return members.found(slab: run, heaps: heaps)
    case .unused, .busy: return "of no kind"
    }
    return nil
  }

  /// The equations of ProcessHeap's comment.
  private func findInCounts() -> String? {
    let (counts, pages) = (process.pointee.counts, process.pages)
    if counts.slabs != slabBytes { return "counts.slabs is \(counts.slabs), but slabs have \(slabBytes)" }
    if counts.large != largeBytes { return "counts.large is \(counts.large), but large objects have \(largeBytes)" }
    if counts.largeLive != largeLive { return "counts.largeLive is \(counts.largeLive), not \(largeLive)" }
    if counts.peak < slabBytes + largeBytes { return "counts.peak" }
    if process.pointee.dirtyBytes != pages.dirty { return "dirtyBytes \(process.pointee.dirtyBytes), not \(pages.dirty)" }
    if pages.held != slabBytes + largeBytes + pages.dirty + pages.clean { return "held is not the sum of its parts" }
    if counts.taken - counts.givenBack != pages.held { return "taken - givenBack is not what is held" }
    for index in 0..<slabs.count where process.pointee.slabs[index] != slabs[index] { return "slabs of class \(index)" }
    return nil
  }

  private mutating func findInMetadata() -> String? {
    for lines in 0..<128 {
      var next = process.pointee.metadata.free[lines]
      while next != 0 {
        blocks.append(next..<next + UInt(lines) * Metadata.line)
        next = UnsafePointer<UInt>(bitPattern: next)!.pointee
        if blocks.count > 1_000_000 { return "a list of free metadata has no end" }
      }
    }
    for heap in heaps { blocks.append(heap.address..<heap.address + Heap.size) }
    blocks.sort { $0.lowerBound < $1.lowerBound }
    for (one, other) in zip(blocks, blocks.dropFirst()) where one.upperBound > other.lowerBound {
      return "metadata at \(String(other.lowerBound, radix: 16)) is used twice"
    }
    return nil
  }
}

extension UnsafeMutablePointer where Pointee == Run {
  fileprivate func tilingViolation(_ address: UInt, limit: UInt) -> String? {
    if pointee.start != address { return "start" }
    if pointee.pages == 0 || endAddress > limit { return "\(pointee.pages) pages" }
    if pointee.lead != self { return "the first page leads elsewhere" }
    let last = self + Int(pointee.pages) - 1
    if pointee.kind == .free, last.pointee.lead != self { return "the last page leads elsewhere" }
    if pointee.kind != .slab, pointee.owner != Run.noSlab || pointee.reciprocal != 0 { return "taken for a slab" }
    if pointee.kind == .slab, pointee.owner == Run.noSlab || pointee.reciprocal == 0 { return "not taken for a slab" }
    for page in 1..<max(1, Int(pointee.pages)) {
      let inner = self + page
      if inner.pointee.owner != Run.noSlab || inner.pointee.reciprocal != 0 { return "page \(page) is taken for a slab" }
      // Within a free run others may lead to what was a run before.
      let lead = inner.pointee.lead
      if pointee.kind == .free ? lead < self || lead > inner || lead.pointee.kind != .free : lead != self {
        return "page \(page) leads elsewhere"
      }
    }
    return nil
  }
}

extension FreeRuns {
  /// Adds the runs of all lists.
  fileprivate func collect(isClean: Bool, _ runs: inout [RunPointer: Bool]) -> String? {
    var sum: UInt = 0
    for index in 0..<40 {
      if (lists[index].first != nil) != (notEmpty >> UInt64(index) & 1 == 1) { return "notEmpty, list \(index)" }
      let text = lists[index].walk { run in
        sum += UInt(run.pointee.pages)
        if run.pointee.isClean != isClean || run.pointee.kind != .free { return "a run of another kind" }
        if Self.list(UInt(run.pointee.pages)) != index { return "\(run.pointee.pages) pages in list \(index)" }
        return runs.updateValue(isClean, forKey: run) == nil ? nil : "a run is in two lists"
      }
      if let text { return text }
    }
    return sum == pages ? nil : "pages is \(pages), not \(sum)"
  }
}

extension RunList {
  /// Calls the body with each run, until it returns a text. Checks the links.
  func walk(_ body: (RunPointer) -> String?) -> String? {
    var before: RunPointer?
    var next = first
    while let run = next {
      if run.pointee.previous != before { return "previous is wrong" }
      if let text = body(run) { return text }
      before = run
      next = run.pointee.next
    }
    // What is last means nothing in a list that is empty.
    return first != nil && last != before ? "last is wrong" : nil
  }
}
