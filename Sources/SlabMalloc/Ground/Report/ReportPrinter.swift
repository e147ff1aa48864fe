import CSlabmalloc

/// Writes a report in pieces to a function of the caller. The text is a table for people. The JSON is one line, so that
/// several reports in one file are a stream of values:
///
///     slabmalloc: perl [4711], profile checked, table 1, in bytes
///      size class  slabs     slots      live  fill  live bytes ...
///           total
///              16
///
/// `ReportPrinter+JSON` writes the other form. Nothing is allocated. The stack has one line at a time.
struct ReportPrinter {
  let write: slm_text_writer
  let context: UnsafeMutableRawPointer?

  enum Form: UInt32 {
    case text
    case json
  }

  /// Prints a report. `row` gives its rows but for the total, by number, and nil after the last one.
  func print(_ report: Report, as form: Form, row: (UInt) -> ReportRow?) {
    switch form {
    case .text: printText(report, row)
    case .json: printJSON(report, row)
    }
  }

  func put(_ line: TableLine) { line.pass { write(context, $0, $1) } }

  /// Writes what the caller has as a string.
  func put(_ text: UnsafePointer<CChar>) {
    var length = 0
    while text[length] != 0 { length += 1 }
    write(context, text, length)
  }
}

extension ReportPrinter {
  private func printText(_ report: Report, _ row: (UInt) -> ReportRow?) {
    putTitle(report)
    putFigures(report)
    var headings = TableLine(" size class  slabs     slots      live  fill  live bytes  free bytes   metadata")
    headings.add("       dirty       clean        held")
    if report.number != 0 { headings.add("  since before") }
    headings.add("\n")
    put(headings)
    put(report.total, in: report)
    var index: UInt = 0
    while let row = row(index) {
      if !row.isEmpty { put(row, in: report) }
      index += 1
    }
  }

  private func putTitle(_ report: Report) {
    var line = TableLine("slabmalloc: ")
    if report.process == nil || report.name == nil { line.add(report.kind.name) }
    if let name = report.name {
      if report.process == nil { line.add(" ") }
      put(line)
      put(name)
      line = TableLine("")
    }
    if let process = report.process {
      line.add(" [")
      line.add(process.id, width: 0)
      line.add("]")
    }
    line.add(", profile ")
    line.add(report.profile.name)
    if report.number != 0 {
      line.add(", table ")
      line.add(report.number, width: 0)
    }
    line.add(", in bytes\n")
    put(line)
  }

  /// A line of what is no column.
  private func putFigures(_ report: Report) {
    var line = TableLine("slabmalloc: peak ")
    line.add(report.peak, width: 0)
    if let process = report.process {
      line.add(", taken ")
      line.add(process.taken, width: 0)
      line.add(", given back ")
      line.add(process.givenBack, width: 0)
      line.add(", purged ")
      line.add(process.purged, width: 0)
      line.add("; heaps ")
      line.add(process.heaps, width: 0)
    }
    if report.softLimit != 0 {
      line.add(", soft limit ")
      line.add(report.softLimit, width: 0)
    }
    if report.hardLimit != 0 {
      line.add(", hard limit ")
      line.add(report.hardLimit, width: 0)
    }
    line.add("\n")
    put(line)
  }

  private func put(_ row: ReportRow, in report: Report) {
    var line = TableLine("")
    if row.kind == .sizeClass { line.add(row.slotSize, width: 11) } else { line.add(row.kind.heading) }
    line.add(row.slabs, width: 7)
    line.add(row.slots, width: 10)
    line.add(row.live, width: 10)
    if row.slots != 0 {
      line.add(row.kind == .total ? report.fill : TableLine.percent(row.live, of: row.slots), width: 5)
      line.add("%")
    } else {
      line.add("     -")
    }
    line.add(row.liveBytes, width: 12)
    line.add(row.freeBytes, width: 12)
    line.add(row.metadataBytes, width: 11)
    line.add(row.dirtyBytes, width: 12)
    line.add(row.cleanBytes, width: 12)
    line.add(row.heldBytes, width: 12)
    if report.number != 0 { line.add(change: row.liveBytes, from: row.liveBytesBefore, width: 14) }
    line.add("\n")
    put(line)
  }
}

extension Report.Kind {
  var name: StaticString {
    switch self {
    case .process: "process"
    case .heap: "heap"
    case .zone: "zone"
    case .cache: "cache"
    }
  }
}

extension ReportRow.Kind {
  /// The row's name, with the width of its column.
  fileprivate var heading: StaticString {
    switch self {
    case .total: "      total"
    case .sizeClass: "           "
    case .large: "      large"
    case .freeRuns: "  free runs"
    case .lent: "       lent"
    case .metadata: "   metadata"
    case .broken: "     broken"
    }
  }
}

extension Profile {
  /// As the environment spells it.
  var name: StaticString {
    switch self {
    case .fast: "fast"
    case .checked: "checked"
    case .hardened: "hardened"
    }
  }
}
