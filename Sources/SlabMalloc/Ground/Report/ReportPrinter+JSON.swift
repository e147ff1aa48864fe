import CSlabmalloc

/// A report as one line of JSON. Documentation and tests have its schema, `statistics.schema.json`. A change that a
/// reader must know of gets the next number as `slabmalloc`.
///
///     {"slabmalloc":1,"kind":"zone","name":"inodes",...,"total":{"live":...},"rows":[{"row":"class",...},...]}
extension ReportPrinter {
  static var schemaVersion: UInt { 1 }

  @inline(never) mutating func printJSON(_ report: Report, _ row: (UInt) -> ReportRow?) {
    addHead(report)
    line.add(",\"total\":{")
    addFields(report.total, isCompared: report.number != 0)
    line.add("},\"rows\":[")
    var (index, isFirst): (UInt, Bool) = (0, true)
    while let row = row(index) {
      index += 1
      guard !row.isEmpty else { continue }
      line.add(isFirst ? "{\"row\":\"" : ",{\"row\":\"")
      isFirst = false
      line.add(row.kind.key)
      line.add("\",")
      if row.kind == .sizeClass {
        add("\"slot_bytes\":", row.slotSize)
        line.add(",")
      }
      addFields(row, isCompared: report.number != 0)
      line.add("}")
    }
    line.add("]}\n")
    flush()
  }

  @inline(never) private mutating func addHead(_ report: Report) {
    add("{\"slabmalloc\":", Self.schemaVersion)
    line.add(",\"kind\":\"")
    line.add(report.kind.name)
    line.add("\",\"name\":")
    addString(report.name)
    line.add(",\"profile\":\"")
    line.add(report.profile.name)
    add("\",\"peak_bytes\":", report.peak)
    if let process = report.process {
      add(",\"pid\":", process.id)
      add(",\"heaps\":", process.heaps)
      flush()
      add(",\"taken_bytes\":", process.taken)
      add(",\"given_back_bytes\":", process.givenBack)
      add(",\"purged_bytes\":", process.purged)
      if report.number != 0 { add(",\"table\":", report.number) }
    } else {
      flush()
      add(",\"soft_limit_bytes\":", report.softLimit)
      add(",\"hard_limit_bytes\":", report.hardLimit)
    }
    flush()
  }

  /// The line has at most the start of a row before.
  @inline(never) private mutating func addFields(_ row: ReportRow, isCompared: Bool) {
    add("\"slabs\":", row.slabs)
    add(",\"empty_slabs\":", row.emptySlabs)
    add(",\"slots\":", row.slots)
    flush()
    add(",\"live\":", row.live)
    add(",\"live_bytes\":", row.liveBytes)
    add(",\"free_bytes\":", row.freeBytes)
    add(",\"metadata_bytes\":", row.metadataBytes)
    flush()
    add(",\"dirty_bytes\":", row.dirtyBytes)
    add(",\"clean_bytes\":", row.cleanBytes)
    add(",\"held_bytes\":", row.heldBytes)
    flush()
    guard isCompared else { return }
    line.add(",\"live_bytes_since\":")
    line.add(change: row.liveBytes, from: row.liveBytesBefore, width: 0)
  }

  /// A string, or null. What is not printable ASCII is escaped byte by byte, so that any name gives valid JSON.
  private mutating func addString(_ text: UnsafePointer<CChar>?) {
    guard var next = text else { return line.add("null") }
    line.add("\"")
    while next.pointee != 0 {
      line.add(jsonByte: UInt8(bitPattern: next.pointee))
      next += 1
      if line.isNearlyFull { flush() }
    }
    line.add("\"")
    flush()
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
