import CSlabmalloc

// Reports of zones and caches in C. Freestanding archives have these functions in an object of their own, which a
// linker leaves out of a kernel that prints nothing.

@_cdecl("slm_zone_print") @implementation
public func slm_zone_print(
  _ zone: OpaquePointer, _ form: UInt32, _ write: slm_text_writer, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  AnyZone(zone).print(form, ReportPrinter(write: write, context: context))
}

@_cdecl("slm_cache_print") @implementation
public func slm_cache_print(
  _ cache: OpaquePointer, _ form: UInt32, _ write: slm_text_writer, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  AnyZone(cache).print(form, ReportPrinter(write: write, context: context))
}

extension AnyZone {
  @inline(never) fileprivate func print(_ form: UInt32, _ printer: ReportPrinter) -> Status {
    guard first.isInitialized else { return .notInitialized }
    guard let form = ReportPrinter.Form(rawValue: form) else { return .invalidArgument }
    let classes = first.pointee.binCount
    var report = Report(
      kind: classes == 1 ? .cache : .zone, name: first.pointee.name, profile: first.profile, total: ReportRow(.total),
      peak: 0)
    let large = largeRow
    report.largeLive = large.live
    report.total.add(slabRow(ofClass: nil))
    report.total.add(large)
    report.total.add(freeRunRow)
    report.total.add(first.lentRow)
    report.total.add(first.tableRow)
    // Broken slabs are what the ledger has and nothing else. All of it counts as free.
    var broken = ReportRow(.broken)
    if let policy = first.pointee.policy {
      let held = policy.held
      if first.profile == .hardened, held > report.total.heldBytes {
        broken.freeBytes = held - report.total.heldBytes
        broken.heldBytes = broken.freeBytes
        report.total.add(broken)
      }
      report.total.heldBytes = held
      report.peak = policy.peak
      report.softLimit = policy.softLimit
      report.hardLimit = policy.hardLimit
    }
    printer.print(report, as: form) { index in
      // The writer may have ended the zone.
      guard first.isInitialized else { return nil }
      if index < classes { return slabRow(ofClass: index) }
      switch index - classes {
      case 0: return largeRow
      case 1: return freeRunRow
      case 2: return first.lentRow
      case 3: return first.tableRow
      case 4: return broken
      default: return nil
      }
    }
    return .ok
  }

  private func slabRow(ofClass index: UInt?) -> ReportRow {
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
