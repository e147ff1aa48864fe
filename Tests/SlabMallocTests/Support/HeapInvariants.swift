@testable import SlabMalloc

/// What must hold of a process and its heaps between any two calls.
///
/// The pools and the heaps check themselves, as they do in a build with assertions. What remains here needs a moment at
/// which no thread runs, and memory for sets: each slab against all heaps, and each block of metadata against its user.
struct HeapInvariants {
  private let pool: HeapPoolPointer
  /// Those that somebody has, and idle ones.
  private let heaps: Set<HeapPointer>
  /// What the lists of heaps and of orphans hold, until the slab is found in a segment.
  private var lists = HeapLists()
  private var metadata = HeapMetadata()

  /// The first invariant that does not hold, as text.
  static func violation(_ pool: HeapPoolPointer, heaps: [HeapPointer]) -> String? {
    let idle = list(pool.pointee.idleHeaps)
    guard Set(heaps).isDisjoint(with: idle), Set(idle).count == idle.count else { return "a heap is idle, and not" }
    if pool.pointee.counts.heaps != UInt(heaps.count) { return "counts.heaps is \(pool.pointee.counts.heaps)" }
    for heap in heaps where !heap.isInitialized { return "a heap lost its seal" }
    if let text = pool.locked({ pool.violation() }) { return "\(text)" }
    let parts = heaps.flatMap { heap in heap.pointee.explicit.map { list($0.pointee.parts) } ?? [heap] }
    for heap in parts + idle {
      if let text = heap.violation() { return "\(text)" }
    }
    for heap in parts where heap.pointee.explicit.map({ !$0.isInitialized || !$0.pointee.hasFirstPart }) ?? false {
      return "a part of no heap"
    }
    var invariants = HeapInvariants(pool: pool, heaps: Set(parts + idle))
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
      for index in 0..<SizeClass.count { metadata.use(stackOf: heap.bin(index)) }
      if let text = lists.collect(heap) { return text }
    }
    if let text = lists.collectOrphans(pool) { return text }
    for index in 0..<pool.runs.pointee.segmentCount {
      guard let segment = pool.runs.pointee.segments[index] else { continue }
      if let text = find(in: segment) { return "segment \(index): \(text)" }
    }
    if let text = findLone() { return text }
    return lists.leftOver ?? metadata.violation(pool)
  }

  /// Lone runs are large objects, and their descriptors are metadata.
  private mutating func findLone() -> String? {
    var end: UInt = 0
    while let run = pool.runs.pointee.lone.run(from: end) {
      metadata.use(run.address, lines: LoneRun.lines)
      if let text = find(run) { return "lone run: \(text)" }
      end = run.endAddress
    }
    return nil
  }

  private mutating func find(in segment: SegmentPointer) -> String? {
    var address = segment.pointee.base
    while address < segment.pointee.limit {
      let run = segment.descriptor(address)
      if let text = find(run) {
        return "run at page \((address - segment.pointee.base) >> PageRun.pageShift), \(run.pointee.kind): \(text)"
      }
      address = run.endAddress
    }
    return nil
  }

  private mutating func find(_ run: RunPointer) -> String? {
    switch run.pointee.kind {
    case .large: return lists.found(large: run)
    case .slab:
      metadata.use(slab: run)
      return lists.found(slab: run, heaps: heaps)
    case .metadata: metadata.found(run)
    case .kept, .free: break
    case .unused, .busy: return "of no kind"
    }
    return nil
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
