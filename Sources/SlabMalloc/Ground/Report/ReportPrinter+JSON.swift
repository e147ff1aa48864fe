import CSlabmalloc

/// A report as one line of JSON. Documentation and tests have its schema, `statistics.schema.json`. A change that a
/// reader must know of gets the next number as `slabmalloc`.
///
///     {"slabmalloc":1,"kind":"zone","name":"inodes",...,"total":{"live":...},"rows":[{"row":"class",...},...]}
extension ReportPrinter {
  static var schemaVersion: UInt { 1 }

  func printJSON(_ report: Report, _ row: (UInt) -> ReportRow?) {
    var line = TableLine("{")
    line.add("\"slabmalloc\":")
    line.add(Self.schemaVersion, width: 0)
    line.add(",\"kind\":\"")
    line.add(report.kind.name)
    line.add("\",\"name\":")
    put(line)
    putString(report.name)
    line = TableLine(",\"profile\":\"")
    line.add(report.profile.name)
    line.add("\"")
    add("peak_bytes", report.peak, to: &line)
    if let process = report.process {
      add("pid", process.id, to: &line)
      add("heaps", process.heaps, to: &line)
      put(line)
      line = TableLine("")
      add("taken_bytes", process.taken, to: &line)
      add("given_back_bytes", process.givenBack, to: &line)
      add("purged_bytes", process.purged, to: &line)
      if report.number != 0 { add("table", report.number, to: &line) }
    } else {
      add("soft_limit_bytes", report.softLimit, to: &line)
      add("hard_limit_bytes", report.hardLimit, to: &line)
    }
    put(line)
    put(TableLine(",\"total\":{"))
    putFields(report.total, report)
    put(TableLine("},\"rows\":["))
    putRows(report, row)
    put(TableLine("]}\n"))
  }

  private func putRows(_ report: Report, _ row: (UInt) -> ReportRow?) {
    var (index, isFirst): (UInt, Bool) = (0, true)
    while let row = row(index) {
      index += 1
      guard !row.isEmpty else { continue }
      var line = TableLine(isFirst ? "{" : ",{")
      isFirst = false
      line.add("\"row\":\"")
      line.add(row.kind.key)
      line.add("\"")
      if row.kind == .sizeClass { add("slot_bytes", row.slotSize, to: &line) }
      line.add(",")
      put(line)
      putFields(row, report)
      put(TableLine("}"))
    }
  }

  private func putFields(_ row: ReportRow, _ report: Report) {
    var line = TableLine("\"slabs\":")
    line.add(row.slabs, width: 0)
    add("empty_slabs", row.emptySlabs, to: &line)
    add("slots", row.slots, to: &line)
    add("live", row.live, to: &line)
    put(line)
    line = TableLine("")
    add("live_bytes", row.liveBytes, to: &line)
    add("free_bytes", row.freeBytes, to: &line)
    add("metadata_bytes", row.metadataBytes, to: &line)
    put(line)
    line = TableLine("")
    add("dirty_bytes", row.dirtyBytes, to: &line)
    add("clean_bytes", row.cleanBytes, to: &line)
    add("held_bytes", row.heldBytes, to: &line)
    if report.number != 0 {
      line.add(",\"live_bytes_since\":")
      line.add(change: row.liveBytes, from: row.liveBytesBefore, width: 0)
    }
    put(line)
  }

  private func add(_ key: StaticString, _ number: UInt, to line: inout TableLine) {
    line.add(",\"")
    line.add(key)
    line.add("\":")
    line.add(number, width: 0)
  }

  /// A string, or null. What is not printable ASCII is escaped byte by byte, so that any name gives valid JSON.
  private func putString(_ text: UnsafePointer<CChar>?) {
    guard var next = text else { return put(TableLine("null")) }
    var line = TableLine("\"")
    while next.pointee != 0 {
      line.add(jsonByte: UInt8(bitPattern: next.pointee))
      next += 1
      if line.isNearlyFull {
        put(line)
        line = TableLine("")
      }
    }
    line.add("\"")
    put(line)
  }
}

extension ReportRow.Kind {
  fileprivate var key: StaticString {
    switch self {
    case .total: "total"
    case .sizeClass: "class"
    case .large: "large"
    case .freeRuns: "free_runs"
    case .lent: "lent"
    case .metadata: "metadata"
    case .broken: "broken"
    }
  }
}
