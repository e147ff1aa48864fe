/// All live objects of a program, each with a tag, and the object around any address.
///
///     address ──> span ──> page of 64 KiB ──> block ──> slot ──> tag
///
/// A block is a slab, a large object, or a page of metadata, which has no objects. Blocks that follow one another are a
/// span, which has a table of its pages. Spans are few: segments and lone runs. Each word of a program's memory is
/// looked up here, in memory without checks of bounds.
///
/// What is free, ready in a bin, in quarantine, or freed by another thread and not collected is no live object. The
/// marks of the slabs say so, and nothing else does.
final class LiveObjects {
  struct Block {
    let run: RunFacts
    /// Of its first slot, in the tags.
    let first: Int
    /// The explicit heap that its objects belong to, 0 for the process's heaps.
    let heap: UInt

    var slots: Int { Self.slots(run) }
    static func slots(_ run: RunFacts) -> Int { run.kind == .slab ? Int(run.slots) : run.kind == .large ? 1 : 0 }
    /// Bytes of each object.
    var objectBytes: UInt { run.kind == .slab ? run.slotSize : run.objectBytes }
    /// Objects without bytes lie in memory that nobody can touch.
    var isEmpty: Bool { run.kind == .slab && run.slotDistance > run.slotSize }
    func address(_ slot: Int) -> UInt { run.start + UInt(slot) * (run.kind == .slab ? run.slotDistance : 0) }
  }

  enum Tag {
    /// No live object.
    static let none: UInt8 = 0
    /// Nothing is known to point to it.
    static let unreached: UInt8 = 1
    static let reached: UInt8 = 2
    /// Nothing points to it, or only that to which nothing points either, which is itself below it.
    static let direct: UInt8 = 3
    /// Only that to which nothing points points to it.
    static let indirect: UInt8 = 4
  }

  /// What a lookup needs of a block.
  private struct Entry {
    let start: UInt
    /// From an object to the next.
    let distance: UInt
    /// 2^64 / distance, rounded up.
    let reciprocal: UInt
    /// 0 of metadata.
    let slots: UInt
    let first: Int
  }

  private struct Span {
    let start: UInt
    let pages: Int
    /// Of its first page, in the table.
    let first: Int
  }

  let blocks: [Block]
  let liveBytes: UInt
  let tags: UnsafeMutableBufferPointer<UInt8>
  private let entries: UnsafeMutableBufferPointer<Entry>
  /// Numbers of blocks.
  private let pages: UnsafeMutableBufferPointer<UInt32>
  private let spans: UnsafeMutableBufferPointer<Span>
  private let lowest: UInt
  private let highest: UInt

  /// A run, the marks of its slots if it is a slab, and the explicit heap that has it.
  typealias Run = (run: RunFacts, marks: [UInt8], heap: UInt)

  /// - Parameter runs: by address.
  init(_ runs: [Run]) {
    var (blocks, spans, slots, liveBytes): ([Block], [Span], Int, UInt) = ([], [], 0, 0)
    let used = runs.filter { [.slab, .large, .metadata].contains($0.run.kind) }
    tags = .allocate(capacity: used.reduce(0) { $0 + Block.slots($1.run) })
    entries = .allocate(capacity: used.count)
    pages = .allocate(capacity: used.reduce(0) { $0 + Int($1.run.bytes >> PageRun.pageShift) })
    var page = 0
    for (run, marks, heap) in used {
      let block = Block(run: run, first: slots, heap: heap)
      let distance = run.kind == .slab ? run.slotDistance : max(run.objectBytes, 1)
      let entry = Entry(
        start: run.start, distance: distance, reciprocal: UInt.max / distance &+ 1, slots: UInt(block.slots),
        first: slots)
      entries.initializeElement(at: blocks.count, to: entry)
      for slot in 0..<block.slots {
        let isLive = run.kind == .large || slot < marks.count && Mark.isUsed(marks[slot])
        tags.initializeElement(at: slots + slot, to: isLive ? Tag.unreached : Tag.none)
      }
      slots += block.slots
      liveBytes += run.kind == .slab ? run.live * run.slotSize : run.objectBytes
      let count = Int(run.bytes >> PageRun.pageShift)
      if let last = spans.last, last.start + UInt(last.pages) << PageRun.pageShift == run.start {
        spans[spans.count - 1] = Span(start: last.start, pages: last.pages + count, first: last.first)
      } else {
        spans.append(Span(start: run.start, pages: count, first: page))
      }
      for index in page..<page + count { pages.initializeElement(at: index, to: UInt32(blocks.count)) }
      page += count
      blocks.append(block)
    }
    self.blocks = blocks
    self.liveBytes = liveBytes
    self.spans = .allocate(capacity: spans.count)
    _ = self.spans.initialize(from: spans)
    lowest = spans.first?.start ?? 0
    highest = spans.last.map { $0.start + UInt($0.pages) << PageRun.pageShift } ?? 0
  }

  deinit {
    tags.deallocate()
    entries.deallocate()
    pages.deallocate()
    spans.deallocate()
  }

  /// The number of the block around an address, if there is one.
  @inline(__always) func block(around address: UInt) -> Int? {
    guard address &- lowest < highest &- lowest else { return nil }
    return blockInSpan(address)
  }

  private func blockInSpan(_ address: UInt) -> Int? {
    var (low, high) = (0, spans.count)
    while low < high {
      let middle = (low &+ high) / 2
      if spans[unchecked: middle].start <= address { low = middle &+ 1 } else { high = middle }
    }
    let span = spans[unchecked: low &- 1]
    let page = Int((address &- span.start) >> PageRun.pageShift)
    return page < span.pages ? Int(pages[unchecked: span.first &+ page]) : nil
  }

  /// The place in the tags of the slot of a block that has an address: any byte of it, or only its start. nil if none
  /// has.
  @inline(__always) func place(_ address: UInt, in block: Int, onlyStarts: Bool) -> Int? {
    let entry = entries[unchecked: block]
    let offset = address &- entry.start
    // The product is exact for offsets in slabs. A large object, which has one slot, may be larger.
    let slot =
      entry.slots == 1 ? (offset < entry.distance ? 0 : 1) : offset.multipliedFullWidth(by: entry.reciprocal).high
    guard slot < entry.slots, !onlyStarts || slot &* entry.distance == offset else { return nil }
    return entry.first &+ Int(slot)
  }

  func tag(_ block: Int, _ slot: Int) -> UInt8 { tags[blocks[block].first + slot] }
  func setTag(_ block: Int, _ slot: Int, _ tag: UInt8) { tags[blocks[block].first + slot] = tag }
  func isMetadata(_ block: Int) -> Bool { entries[unchecked: block].slots == 0 }
  func slot(_ block: Int, at place: Int) -> Int { place &- entries[unchecked: block].first }
}

extension UnsafeMutableBufferPointer {
  /// An element, without a look whether there is one.
  @inline(__always) fileprivate subscript(unchecked index: Int) -> Element {
    baseAddress.unsafelyUnwrapped[index]
  }
}
