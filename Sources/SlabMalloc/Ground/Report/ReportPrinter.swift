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
  /// The one line that is put together at a time: a kernel has little stack.
  var line = TableLine("")

  enum Form: UInt32 {
    case text
    case json
  }

  init(write: slm_text_writer, context: UnsafeMutableRawPointer?) {
    self.write = write
    self.context = context
  }

  /// Prints a report. `row` gives its rows but for the total, by number, and nil after the last one.
  mutating func print(_ report: Report, as form: Form, row: (UInt) -> ReportRow?) {
    switch form {
    case .text: printText(report, row)
    case .json: printJSON(report, row)
    }
  }

  /// Writes the line, and begins another.
  @inline(never) mutating func flush() {
    line.pass { write(context, $0, $1) }
    line.clear()
  }

  mutating func add(_ text: StaticString, _ number: UInt) {
    line.add(text)
    line.add(number, width: 0)
  }
}

extension ReportPrinter {
  @inline(never) private mutating func printText(_ report: Report, _ row: (UInt) -> ReportRow?) {
    addTitle(report)
    addFigures(report)
    line.add(" size class  slabs     slots      live  fill  live bytes  free bytes   metadata")
    line.add("       dirty       clean        held")
    if report.number != 0 { line.add("  since before") }
    line.add("\n")
    flush()
    add(report.total, report.fill, isCompared: report.number != 0)
    var index: UInt = 0
    while let row = row(index) {
      if !row.isEmpty {
        add(row, TableLine.percent(row.live, of: row.slots), isCompared: report.number != 0)
      }
      index += 1
    }
  }

  @inline(never) private mutating func addTitle(_ report: Report) {
    line.add("slabmalloc: ")
    if report.process == nil || report.name == nil { line.add(report.kind.name) }
    if let name = report.name {
      if report.process == nil { line.add(" ") }
      flush()
      var length = 0
      while name[length] != 0 { length += 1 }
      if length != 0 { write(context, name, length) }
    }
    if let process = report.process {
      add(" [", process.id)
      line.add("]")
    }
    line.add(", profile ")
    line.add(report.profile.name)
    if report.number != 0 { add(", table ", report.number) }
    line.add(", in bytes\n")
    flush()
  }

  /// A line of what is no column.
  @inline(never) private mutating func addFigures(_ report: Report) {
    add("slabmalloc: peak ", report.peak)
    if let process = report.process {
      add(", taken ", process.taken)
      add(", given back ", process.givenBack)
      add(", purged ", process.purged)
      add("; heaps ", process.heaps)
    }
    if report.softLimit != 0 { add(", soft limit ", report.softLimit) }
    if report.hardLimit != 0 { add(", hard limit ", report.hardLimit) }
    line.add("\n")
    flush()
  }

  @inline(never) private mutating func add(_ row: ReportRow, _ fill: UInt, isCompared: Bool) {
    if row.kind == .sizeClass { line.add(row.slotSize, width: 11) } else { line.add(row.kind.heading) }
    line.add(row.slabs, width: 7)
    line.add(row.slots, width: 10)
    line.add(row.live, width: 10)
    if row.slots != 0 {
      line.add(fill, width: 5)
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
    if isCompared { line.add(change: row.liveBytes, from: row.liveBytesBefore, width: 14) }
    line.add("\n")
    flush()
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
