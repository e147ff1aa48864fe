import CSlabmalloc

// Reports of zones and caches in C. Freestanding archives have these functions in an object of their own, which a
// linker leaves out of a kernel that prints nothing.

@_cdecl("slm_zone_print") @implementation
public func slm_zone_print(
  _ zone: OpaquePointer, _ form: UInt32, _ write: slm_text_writer, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  AnyZone(zone).print(form, write, context)
}

@_cdecl("slm_cache_print") @implementation
public func slm_cache_print(
  _ cache: OpaquePointer, _ form: UInt32, _ write: slm_text_writer, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  AnyZone(cache).print(form, write, context)
}

extension AnyZone {
  @inline(never) fileprivate func print(
    _ form: UInt32, _ write: slm_text_writer, _ context: UnsafeMutableRawPointer?
  ) -> Status {
    guard first.isInitialized else { return .notInitialized }
    guard let form = ReportPrinter.Form(rawValue: form) else { return .invalidArgument }
    let classes = first.pointee.binCount
    var report = Report(
      kind: classes == 1 ? .cache : .zone, name: first.pointee.name, profile: first.profile, total: ReportRow(.total),
      peak: 0)
    let broken = fill(&report)
    var printer = ReportPrinter(write: write, context: context)
    printer.print(report, as: form) { index in
      // The writer may have ended the zone.
      guard first.isInitialized else { return nil }
      return index < classes ? slabRow(ofClass: index) : otherRow(index - classes, broken)
    }
    return .ok
  }

  /// Sums up the rows. Returns the bytes of broken slabs: what the ledger has and nothing else.
  @inline(never) private func fill(_ report: inout Report) -> UInt {
    addSlabs(to: &report.total)
    for index in 0..<UInt(4) { addOther(index, to: &report) }
    guard let policy = first.pointee.policy else { return 0 }
    let (held, known) = (policy.held, report.total.heldBytes)
    report.total.heldBytes = held
    report.peak = policy.peak
    report.softLimit = policy.softLimit
    report.hardLimit = policy.hardLimit
    guard first.profile == .hardened, held > known else { return 0 }
    report.total.freeBytes += held - known
    return held - known
  }

  // Each has a row of its own on the stack, and no two at once.

  @inline(never) private func addSlabs(to total: inout ReportRow) { total.add(slabRow(ofClass: nil)) }

  @inline(never) private func addOther(_ index: UInt, to report: inout Report) {
    guard let row = otherRow(index, 0) else { return }
    report.total.add(row)
    if row.kind == .large { report.largeLive = row.live }
  }

  /// The rows of no class.
  @inline(never) private func otherRow(_ index: UInt, _ broken: UInt) -> ReportRow? {
    switch index {
    case 0: return largeRow
    case 1: return freeRunRow
    case 2: return first.lentRow
    case 3: return first.tableRow
    case 4: return brokenRow(broken)
    default: return nil
    }
  }

  /// All bytes of broken slabs count as free.
  private func brokenRow(_ bytes: UInt) -> ReportRow {
    var row = ReportRow(.broken)
    (row.freeBytes, row.heldBytes) = (bytes, bytes)
    return row
  }

  @inline(never) private func slabRow(ofClass index: UInt?) -> ReportRow {
    var row = ReportRow(.sizeClass)
    withOne { row = $0.slabRow(ofClass: index) }
    return row
  }

  private var largeRow: ReportRow {
    var row = ReportRow(.large)
    forEach {
      if $0.pointee.hasRuns { row = $0.largeRow }
      return true
    }
    return row
  }

  private var freeRunRow: ReportRow {
    var row = ReportRow(.freeRuns)
    forEach {
      if $0.pointee.hasRuns { row = $0.freeRunRow }
      return true
    }
    return row
  }
}
