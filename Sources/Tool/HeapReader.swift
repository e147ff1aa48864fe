import CSlabPort
import Glibc

/// Reads the heaps of a program into this process: copies of its state, of the descriptors of all runs and of the marks
/// of all slabs. The types are the library's own, and so is the code that counts.
///
///     ProcessState ──> segments ──> table of descriptors ──> marks
///                └──> tree of lone runs
///
/// The program runs on meanwhile. A reading is *torn* if a descriptor cannot be one, if a slab is another one after its
/// marks have been read, if the runs do not tile their segment, or if the sum of all rows is not what the ledger holds.
/// It is then read again. Changes that leave all of these as they are pass: objects that come and go in a slab, and
/// runs that change their kind after they were read.
final class HeapReader {
  let source: any Source
  let library: Library
  private let state: UnsafeMutableRawPointer
  private var marks: UnsafeMutableRawPointer
  private static let markBytes = 65536 + 8
  private static let attempts = 200
  /// Of a reading.
  private var progress: Progress?

  /// What a reading found.
  struct Reading {
    var report: Report
    var rows = RunRows()
    var runs: [RunFacts] = []
    /// The mark of each slot, by the start of its slab, of the slabs that were asked for.
    var marks: [UInt: [UInt8]] = [:]
    /// Memory of the library: pages of runs, used or not, and what it keeps of them.
    var own: [Range<UInt>] = []
  }

  /// The slabs whose marks are kept.
  enum Marked {
    case none
    case around(UInt)
    case all
  }

  /// One reader for each copy of the library that has allocated something. A program may load a copy and never call it.
  static func all(in source: any Source) throws(ToolError) -> [HeapReader] {
    var ready: [HeapReader] = []
    var isAnyMissing = false
    for library in try Library.all(in: source) {
      let reader = HeapReader(source, library)
      if !reader.readState() { isAnyMissing = true } else if reader.process.isReady { ready.append(reader) }
    }
    if ready.isEmpty, isAnyMissing { throw source.explain("the state of its heaps") }
    guard !ready.isEmpty else { throw .nothing("\(source.name) has allocated nothing") }
    return ready
  }

  private init(_ source: any Source, _ library: Library) {
    self.source = source
    self.library = library
    state = .allocate(byteCount: MemoryLayout<ProcessState>.size, alignment: 64)
    marks = .allocate(byteCount: Self.markBytes, alignment: 8)
  }

  deinit {
    state.deallocate()
    marks.deallocate()
  }

  private var process: ProcessPointer { state.assumingMemoryBound(to: ProcessState.self) }

  private func readState() -> Bool {
    source.read(
      library.state, into: UnsafeMutableRawBufferPointer(start: state, count: MemoryLayout<ProcessState>.size))
  }

  /// Reads until a reading is not torn.
  func read(marked: Marked = .none) throws(ToolError) -> Reading {
    progress = Progress("read")
    defer { progress = nil }
    for attempt in 0..<(source.isRunning ? Self.attempts : 1) {
      if attempt > 0 { usleep(useconds_t(min(attempt, 20)) * 500) }
      if let reading = try readOnce(marked) { return reading }
    }
    guard source.isRunning else {
      throw .unreadable("\(source.name): the heaps were being changed when the core was written")
    }
    throw ToolError(
      message: "process \(source.name) changes its heaps faster than they can be read: try again", status: 3,
      isPassing: true)
  }

  /// nil if the reading is torn.
  func readOnce(_ marked: Marked) throws(ToolError) -> Reading? {
    guard readState() else { throw source.explain("the state of its heaps") }
    var reading = Reading(report: process.report(of: RunRows(), id: source.processID))
    reading.own.append(library.state..<library.state + UInt(MemoryLayout<ProcessState>.size))
    let runs = process.runs
    guard runs.pointee.segmentCount >= 0, runs.pointee.segmentCount <= RunPool.maxSegments else { return nil }
    for index in 0..<runs.pointee.segmentCount {
      // A segment that was given back has left a hole.
      guard let segment = runs.pointee.segments[index] else { continue }
      guard try readSegment(UInt(bitPattern: segment), marked, &reading) else { return nil }
    }
    var end: UInt = 0
    guard try readLone(runs.pointee.lone.root, marked, &reading, &end, depth: 0) else { return nil }
    reading.rows.setMetadata(runs.metadataBytes)
    let total = reading.rows.total
    reading.report = process.report(of: reading.rows, id: source.processID)
    return total.heldBytes == reading.report.total.heldBytes ? reading : nil
  }

  /// False if the reading is torn.
  private func readSegment(_ place: UInt, _ marked: Marked, _ reading: inout Reading) throws(ToolError) -> Bool {
    guard let head = source.copy(place, MemoryLayout<Segment>.size) else { return try missing("a segment") }
    defer { head.deallocate() }
    let segment = head.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Segment.self)
    let (base, limit, tableStart) = (segment.pointee.base, segment.pointee.limit, segment.pointee.table)
    guard base <= limit, limit <= UInt(Int.max), (limit - base) >> PageRun.pageShift <= segment.pointee.capacity else {
      return false
    }
    let pages = Int((limit - base) >> PageRun.pageShift)
    guard let table = source.copy(tableStart, pages * PageRun.stride) else { return try missing("a table of runs") }
    defer { table.deallocate() }
    guard place <= tableStart, tableStart <= segment.pointee.tableLimit else { return false }
    reading.own += [place..<tableStart, tableStart..<segment.pointee.tableLimit, base..<limit]
    var page = 0
    while page < pages {
      let offset = page * PageRun.stride
      let run = (table.baseAddress.unsafelyUnwrapped + offset).assumingMemoryBound(to: PageRun.self)
      guard run.pointee.start == base + UInt(page) << PageRun.pageShift,
        UInt(bitPattern: run.pointee.lead) == tableStart + UInt(offset), run.pointee.pages > 0,
        Int(run.pointee.pages) <= pages - page, try add(run, marked, &reading)
      else { return false }
      page += Int(run.pointee.pages)
    }
    return true
  }

  /// The explicit heap of which a heap is a part; 0 if it is a thread's. nil if it cannot be read.
  func explicitHeap(of heap: UInt) -> UInt? {
    guard let copy = source.copy(heap, MemoryLayout<HeapState>.size) else { return nil }
    defer { copy.deallocate() }
    let state = copy.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: HeapState.self)
    return UInt(bitPattern: state.pointee.explicit)
  }

  /// The lone runs below a node of their tree, by address. Each starts at the end of the one before, or behind it: no
  /// run is read twice, whatever the tree looks like.
  private func readLone(
    _ node: LonePointer?, _ marked: Marked, _ reading: inout Reading, _ end: inout UInt, depth: Int
  ) throws(ToolError) -> Bool {
    guard let node else { return true }
    // Deeper than any tree is, unless it changed meanwhile.
    guard depth < 200 else { return false }
    guard let copy = source.copy(UInt(bitPattern: node), MemoryLayout<LoneRun>.size) else {
      return try missing("a large object")
    }
    defer { copy.deallocate() }
    let lone = copy.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: LoneRun.self)
    guard try readLone(lone.pointee.left, marked, &reading, &end, depth: depth + 1), lone.run.pointee.pages > 0,
      lone.run.pointee.isLone, lone.run.pointee.start >= end, lone.run.pointee.start <= UInt(Int.max) - lone.run.bytes,
      try add(lone.run, marked, &reading)
    else { return false }
    end = lone.run.endAddress
    reading.own.append(lone.run.pointee.start..<end)
    return try readLone(lone.pointee.right, marked, &reading, &end, depth: depth + 1)
  }

  /// Adds a copy of a run. False if no run looks so.
  private func add(_ run: RunPointer, _ marked: Marked, _ reading: inout Reading) throws(ToolError) -> Bool {
    let kind = UnsafeRawPointer(fieldPointer(&run.pointee.kind)).load(as: UInt8.self)
    guard PageRun.Kind(rawValue: kind) != nil else { return false }
    switch run.pointee.kind {
    case .slab:
      let slots = UInt(run.pointee.slotCount)
      guard slots > 0, run.pointee.slotSize > 0, UInt(run.pointee.binIndex) < SizeClass.count,
        slots * UInt(run.pointee.slotSize) <= run.bytes, Int(slots) < Self.markBytes - 8
      else { return false }
      let bytes = UnsafeMutableRawBufferPointer(start: marks, count: Int(slots + 7) / 8 * 8)
      guard source.read(UInt(bitPattern: run.pointee.marks), into: bytes) else { return try missing("a slab") }
      guard try isUnchanged(run) else { return false }
      // No slots follow the last one, whatever this memory is by now.
      for index in Int(slots)..<bytes.count { bytes[index] = Mark.none }
      run.pointee.marks = marks.assumingMemoryBound(to: UInt8.self)
      let isKept =
        switch marked {
        case .none: false
        case .around(let address): address >= run.pointee.start && address < run.endAddress
        case .all: true
        }
      if isKept { reading.marks[run.pointee.start] = Array(bytes[0..<Int(slots)]) }
    case .large:
      guard LargeObject(run).size <= run.bytes else { return false }
    case .unused: return false
    case .free, .kept, .busy, .metadata: break
    }
    progress?.add(run.bytes)
    reading.rows.add(run, countsMetadata: true)
    reading.runs.append(RunFacts(run))
    return true
  }

  /// Whether the slab whose marks have been read is still the one of the descriptor. Marks of another slab may be in
  /// their place otherwise. Nothing changes in a core file.
  private func isUnchanged(_ run: RunPointer) throws(ToolError) -> Bool {
    guard source.isRunning else { return true }
    guard let copy = source.copy(UInt(bitPattern: run.pointee.lead), PageRun.stride) else {
      return try missing("a slab")
    }
    defer { copy.deallocate() }
    let now = copy.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: PageRun.self)
    let kind = UnsafeRawPointer(fieldPointer(&now.pointee.kind)).load(as: UInt8.self)
    return kind == PageRun.Kind.slab.rawValue && now.pointee.start == run.pointee.start
      && now.pointee.marks == run.pointee.marks && now.pointee.slotSize == run.pointee.slotSize
      && now.pointee.slotCount == run.pointee.slotCount
  }

  /// What is not there may have gone meanwhile. In a core file it is missing, and a process may have ended.
  private func missing(_ what: String) throws(ToolError) -> Bool {
    var probe: UInt8 = 0
    let isThere = withUnsafeMutableBytes(of: &probe) { source.read(library.state, into: $0) }
    guard source.isRunning, isThere else { throw source.explain(what) }
    return false
  }
}
