/// The rows of a report about page runs: those of the process, or of an explicit heap. One walk over the descriptors of
/// all runs fills them, under the lock of the run pool.
///
///     slab ──> row of its class          large object ──> large          free, kept, busy ──> free runs
///       └─ its marks and words ──┐
///     metadata pages ────────────┴──> metadata: what is left of these pages
struct RunRows {
  private var classes: ClassArray<ReportRow>
  private var large = ReportRow(.large)
  private var freeRuns = ReportRow(.freeRuns)
  private var metadata = ReportRow(.metadata)

  init() {
    classes = ClassArray(repeating: ReportRow(.sizeClass))
    reset()
  }

  /// Empties all rows, where they are: a signal handler has little stack.
  mutating func reset() {
    (large, freeRuns, metadata) = (ReportRow(.large), ReportRow(.freeRuns), ReportRow(.metadata))
    for index in 0..<Int(SizeClass.count) { classes[index] = ReportRow(.sizeClass) }
    for index in 0..<Int(SizeClass.count) { classes[index].slotSize = SizeClass.slotSize(UInt(index)) }
  }

  static var count: UInt { SizeClass.count + 3 }

  /// nil after the last one.
  subscript(index: UInt) -> ReportRow? {
    if index < SizeClass.count { return classes[Int(index)] }
    switch index - SizeClass.count {
    case 0: return large
    case 1: return freeRuns
    case 2: return metadata
    default: return nil
    }
  }

  /// The sum of the rows, without what the ledger holds.
  var total: ReportRow {
    var total = ReportRow(.total)
    for index in 0..<Self.count { if let row = self[index] { total.add(row) } }
    return total
  }

  var largeLive: UInt { large.live }

  var liveBytesBefore: UInt {
    var bytes = large.liveBytesBefore
    for index in 0..<Int(SizeClass.count) { bytes += classes[index].liveBytesBefore }
    return bytes
  }

  /// - Parameter countsMetadata: the marks and words of a slab are counted too.
  mutating func add(_ run: RunPointer, countsMetadata: Bool) {
    switch run.pointee.kind {
    case .slab:
      let slots = UInt(run.pointee.slotCount)
      let lines = countsMetadata ? HeapBin.metadataLines(slots) : 0
      classes[Int(run.pointee.binIndex)].addSlab(
        slots: slots, live: run.liveSlots, slotSize: UInt(run.pointee.slotSize), bytes: run.bytes,
        metadataOutside: lines * Metadata.line)
    case .large: large.addLarge(objectBytes: LargeObject(run).size, bytes: run.bytes)
    case .free, .kept, .busy: freeRuns.addUnused(run.bytes, isClean: run.pointee.isClean)
    case .metadata, .unused: break
    }
  }

  /// Makes the bytes of all metadata come to this number.
  mutating func setMetadata(_ bytes: UInt) {
    var rest = bytes
    // Never below 0, though the numbers may be of a process that runs on while a tool reads them.
    for index in 0..<Int(SizeClass.count) { rest -= min(rest, classes[index].metadataBytes) }
    metadata.addMetadata(rest)
  }

  /// Notes the live bytes of each row of the table before, and keeps those of this one for the next.
  mutating func exchange(_ before: inout LiveBytes) {
    for index in 0..<Int(SizeClass.count) {
      classes[index].liveBytesBefore = before.classes[index]
      before.classes[index] = classes[index].liveBytes
    }
    large.liveBytesBefore = before.large
    before.large = large.liveBytes
  }

  /// The live bytes of each row that has any.
  struct LiveBytes {
    fileprivate var classes: ClassArray<UInt>
    fileprivate var large: UInt
  }
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Adds all runs to rows that are empty.
  /// Requires: the lock of the run pool.
  func fill(_ rows: inout RunRows) {
    assertLocked()
    forEachRun { rows.add($0, countsMetadata: true) }
    rows.setMetadata(runs.metadataBytes)
  }
}

extension UnsafeMutablePointer where Pointee == ExplicitHeap {
  /// What the heap holds, as a report, and its rows: slabs and large objects, as its limits count them. Takes the lock.
  func report() -> (report: Report, rows: RunRows) {
    var rows = RunRows()
    pool.locked { pool.forEachRun { if owns($0) { rows.add($0, countsMetadata: false) } } }
    let limits = limits
    var report = Report(
      kind: .heap, profile: pool.runs.pointee.options.profile, total: rows.total, peak: limits.peak)
    report.largeLive = rows.largeLive
    report.total.heldBytes = limits.held
    report.softLimit = limits.soft
    report.hardLimit = limits.hard
    return (report, rows)
  }
}
