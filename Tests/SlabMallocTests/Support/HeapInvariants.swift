@testable import SlabMalloc

/// What must hold of a process and its heaps between any two calls.
struct HeapInvariants {
  private let pool: HeapPoolPointer
  /// Those that somebody has, and idle ones.
  private let heaps: Set<HeapPointer>
  private var slabBytes: UInt = 0
  private var largeBytes: UInt = 0
  private var leftoverBytes: UInt = 0
  private var largeLive: UInt = 0
  private var slabs = [UInt32](repeating: 0, count: Int(SizeClass.count))
  /// What the lists of heaps and of orphans hold, until the slab is found in a reserve.
  private var lists = HeapLists()
  private var metadata = HeapMetadata()
  private var kept: Set<RunPointer> = []

  /// The first invariant that does not hold, as text.
  static func violation(_ pool: HeapPoolPointer, heaps: [HeapPointer]) -> String? {
    let destroyed = list(pool.pointee.destroyedHeaps)
    let idle = list(pool.pointee.idleHeaps) + destroyed
    guard Set(heaps).isDisjoint(with: idle), Set(idle).count == idle.count else { return "a heap is idle, and not" }
    if pool.pointee.counts.heaps != UInt(heaps.count) { return "counts.heaps is \(pool.pointee.counts.heaps)" }
    for heap in heaps where !heap.isInitialized { return "a heap lost its seal" }
    for heap in idle where heap.isInitialized { return "an idle heap has a seal" }
    for heap in destroyed where heap.hasSlabs { return "a destroyed heap has slabs" }
    var invariants = HeapInvariants(pool: pool, heaps: Set(heaps + idle))
    return invariants.find()
  }

  private static func list(_ first: HeapPointer?) -> [HeapPointer] {
    var heaps: [HeapPointer] = []
    var next = first
    while let heap = next, heaps.count < 10_000 {
      heaps.append(heap)
      next = heap.pointee.nextHeap
    }
    return heaps
  }

  private init(pool: HeapPoolPointer, heaps: Set<HeapPointer>) {
    self.pool = pool
    self.heaps = heaps
  }

  private mutating func find() -> String? {
    for heap in heaps {
      metadata.use(heap.address, lines: Metadata.lines(HeapState.size))
      if let text = lists.collect(heap) { return text }
    }
    if let text = lists.collectOrphans(pool) { return text }
    for index in 0..<pool.runs.pointee.segmentCount {
      guard let segment = pool.runs.pointee.segments[index] else { continue }
      if let text = find(in: segment) { return "reserve \(index): \(text)" }
    }
    return lists.leftOver ?? metadata.violation(pool) ?? findInKept() ?? findInCounts()
  }

  /// Runs tile the reserve, each page leads to its run, and no two free neighbours could be one.
  private mutating func find(in segment: SegmentPointer) -> String? {
    var free: [RunPointer: Bool] = [:]
    if let text = segment.pointee.dirty.collect(isClean: false, &free) { return "dirty runs: \(text)" }
    if let text = segment.pointee.clean.collect(isClean: true, &free) { return "clean runs: \(text)" }
    if (segment.pointee.limit - segment.pointee.base) >> PageRun.pageShift > segment.pointee.capacity { return "limit" }
    // A lone reserve is one run, and aligning it may have left pages before it.
    var address = segment.pointee.loneRun?.pointee.start ?? segment.pointee.base
    leftoverBytes += address - segment.pointee.base
    if segment.pointee.isLone, segment.pointee.loneRun?.endAddress != segment.pointee.limit {
      return "lone, but not one run"
    }
    var before: RunPointer?
    while address < segment.pointee.limit {
      let run = segment.descriptor(address)
      let name = "run at page \((address - segment.pointee.base) >> PageRun.pageShift), \(run.pointee.kind): "
      if let text = run.tilingViolation(address, limit: segment.pointee.limit, isLone: segment.pointee.isLone) {
        return name + text
      }
      if run.pointee.kind == .free {
        if free.removeValue(forKey: run) != run.pointee.isClean { return name + "not in its list" }
        if let before, before.pointee.kind == .free, before.pointee.isClean == run.pointee.isClean {
          return name + "not merged"
        }
      } else if let text = find(run) {
        return name + text
      }
      before = run
      address = run.endAddress
    }
    return free.isEmpty ? nil : "\(free.count) runs are in lists, but not in the reserve"
  }

  private mutating func find(_ run: RunPointer) -> String? {
    switch run.pointee.kind {
    case .large:
      largeBytes += run.bytes
      largeLive += 1
      let size = LargeObject(run).size
      if size > run.bytes || size == 0 { return "size \(size)" }
      return lists.found(large: run)
    case .slab:
      slabBytes += run.bytes
      slabs[Int(run.pointee.binIndex)] += 1
      metadata.use(slab: run)
      return lists.found(slab: run, heaps: heaps)
    case .metadata:
      metadata.found(run)
      return nil
    case .kept:
      kept.insert(run)
      return nil
    case .unused, .busy, .free: return "of no kind"
    }
  }

  /// Runs that are kept are in one list of a hardened process each, or in its quarantine.
  private mutating func findInKept() -> String? {
    var pages: (dirty: UInt, clean: UInt) = (0, 0)
    for index in 0..<pool.runs.pointee.kept.slabs.count {
      let text = pool.runs.pointee.kept.slabs[index].walk { run in
        pages.dirty += UInt(run.pointee.pages)
        if run.pointee.isClean { return "a slab's run is kept, and clean" }
        if UInt(run.pointee.pages) != 1 << index + 1 { return "\(run.pointee.pages) pages kept in list \(index)" }
        return kept.remove(run) == nil ? "a run is in a list of those kept, and not kept" : nil
      }
      if let text { return text }
    }
    for index in 0..<pool.runs.pointee.kept.large.count {
      guard let run = pool.runs.pointee.kept.large[index] else { continue }
      if run.pointee.isClean { pages.clean += UInt(run.pointee.pages) } else { pages.dirty += UInt(run.pointee.pages) }
      if kept.remove(run) == nil { return "a run is in quarantine, and not kept" }
    }
    if !kept.isEmpty { return "\(kept.count) runs are kept nowhere" }
    let counted = (pool.runs.pointee.kept.dirtyPages, pool.runs.pointee.kept.cleanPages)
    return counted == pages ? nil : "\(counted) pages kept are \(pages)"
  }

  /// The equations of ProcessHeap's comment.
  private func findInCounts() -> String? {
    let (counts, pages) = (pool.pointee.counts, pool.locked { pool.runs.pages })
    let metadataBytes = pool.runs.pointee.metadata.pageCount << PageRun.pageShift
    if counts.slabs != slabBytes { return "counts.slabs is \(counts.slabs), but slabs have \(slabBytes)" }
    if counts.large != largeBytes { return "counts.large is \(counts.large), but large objects have \(largeBytes)" }
    if counts.largeLive != largeLive { return "counts.largeLive is \(counts.largeLive), not \(largeLive)" }
    if counts.peak < slabBytes + largeBytes { return "counts.peak" }
    if pool.runs.dirtyBytes != pages.dirty {
      return "dirtyBytes \(pool.runs.dirtyBytes), not \(pages.dirty)"
    }
    if pages.held != slabBytes + largeBytes + metadataBytes + leftoverBytes + pages.dirty + pages.clean {
      return
        "held \(pages.held) is not slabs \(slabBytes), large \(largeBytes), metadata \(metadataBytes), \(leftoverBytes), \(pages)"
    }
    let runCounts = pool.runs.pointee.counts
    if runCounts.taken - runCounts.givenBack != pages.held { return "taken - givenBack is not what is held" }
    for index in 0..<slabs.count where pool.pointee.slabCounts[index] != slabs[index] { return "slabs of class \(index)" }
    return findInPublished()
  }

  /// What every deallocation reads is of the first reserve, and nothing if there is none.
  private func findInPublished() -> String? {
    guard pool.runs.extent > 0 else { return nil }
    guard let first = pool.runs.pointee.segments[0]?.pointee, !first.isLone else { return "extent of no reserve" }
    let isPublished = pool.runs.base == first.base && pool.runs.table == first.table
    return isPublished && pool.runs.extent == first.limit - first.base ? nil : "base, extent or table"
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  fileprivate func tilingViolation(_ address: UInt, limit: UInt, isLone: Bool) -> String? {
    if pointee.start != address { return "start" }
    if pointee.pages == 0 || endAddress > limit { return "\(pointee.pages) pages" }
    if pointee.lead != self { return "the first page leads elsewhere" }
    let last = self + Int(pointee.pages) - 1
    if pointee.kind == .free, last.pointee.lead != self { return "the last page leads elsewhere" }
    if (pointee.kind == .slab) == isNoSlab { return isNoSlab ? "taken for no slab" : "taken for a slab" }
    // Of a lone run only the first page has a descriptor.
    for page in 1..<max(1, isLone ? 1 : Int(pointee.pages)) {
      let inner = self + page
      if !inner.isNoSlab, inner.pointee.kind != .unused { return "page \(page) is taken for a slab" }
      // A free run is found from its ends alone.
      let isFree = inner.pointee.kind == .free || inner.pointee.kind == .unused
      let lead = pointee.kind != .free || inner == last ? self : inner
      if inner.pointee.lead != lead || pointee.kind == .free && !isFree { return "page \(page) leads elsewhere" }
    }
    return nil
  }

  /// No thread takes it for a slab of its own, or of nobody.
  private var isNoSlab: Bool { currentOwner.word == Owner.noSlab.word && pointee.reciprocal == 0 }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  fileprivate var hasSlabs: Bool {
    (0..<SizeClass.count).contains {
      let bin = bin($0).pointee
      return bin.current != nil || bin.partial.first != nil || bin.sparse.first != nil
    }
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

extension LinkedList<PageRun> {
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
