import CSlabmalloc
import Glibc

extension Command {
  static let top = Command(
    name: "top", usage: "[OPTION...] PID", summary: "Show the size classes of a process, again and again.",
    options: [
      ("sort=", "bytes (the default), growth since the view before, or class"),
      ("interval=", "seconds between two views, 2 without this"),
      ("count=", "end after so many views"),
      ("json", "each view as one line of JSON, as stat has it"),
    ],
    examples: [
      "slabmalloc top 4711", "slabmalloc top --sort growth --interval 10 4711", "slabmalloc top --count 1 4711",
    ],
    body: { (options) throws(ToolError) in
      let sort = options.values["sort"] ?? "bytes"
      guard ["bytes", "growth", "class"].contains(sort) else { throw .usage("--sort takes bytes, growth or class") }
      let interval = try options.number("interval", 1...86400) ?? 2
      let count = try options.number("count", 1...1_000_000_000)
      let source = try openSource(options.operand("a process"))
      guard source.isRunning else { throw .usage("a core file does not change: use stat") }
      let reader = try HeapReader.all(in: source)[0]
      var before: [UInt: UInt] = [:]
      var views = 0
      while true {
        guard let reading = try view(reader, isFirst: views == 0) else {
          sleep(UInt32(interval))
          continue
        }
        if options.has("json") {
          Output.print(reading.report, reading.rows, name: source.programName, json: true)
        } else {
          show(reading, source, sort, &before)
        }
        try Output.finish()
        views += 1
        if let count, views >= count { return }
        sleep(UInt32(interval))
      }
    })

  /// nil if the process is too busy for it. The first view must succeed.
  private static func view(_ reader: HeapReader, isFirst: Bool) throws(ToolError) -> HeapReader.Reading? {
    do { return try reader.read() } catch {
      guard error.isPassing, !isFirst else { throw error }
      return nil
    }
  }

  /// One view. On a terminal it takes the place of the one before.
  private static func show(
    _ reading: HeapReader.Reading, _ source: any Source, _ sort: String, _ before: inout [UInt: UInt]
  ) {
    var rows: [(row: ReportRow, growth: Int)] = []
    var index: UInt = 0
    while let row = reading.rows[index] {
      if !row.isEmpty { rows.append((row, Int(row.liveBytes) - Int(before[index] ?? row.liveBytes))) }
      before[index] = row.liveBytes
      index += 1
    }
    switch sort {
    case "bytes": rows.sort { $0.row.liveBytes > $1.row.liveBytes }
    case "growth": rows.sort { $0.growth > $1.growth }
    default: break
    }
    if isatty(STDOUT_FILENO) != 0 { Output.put("\u{1B}[H\u{1B}[2J") }
    let total = reading.report.total
    Output.put(
      "\(source.programName) [\(source.name)]: held \(total.heldBytes), live \(total.liveBytes), free "
        + "\(total.freeBytes), metadata \(total.metadataBytes), dirty \(total.dirtyBytes), clean \(total.cleanBytes)\n"
        + Colour.bold.paint(" size class  slabs      live  fill    live bytes    free bytes        growth") + "\n")
    for (row, growth) in rows {
      let fill = row.slots == 0 ? "-" : "\(TableLine.percent(row.live, of: row.slots))%"
      let change = column(growth > 0 ? "+\(growth)" : "\(growth)", 14)
      Output.put(
        column(row.name, 11) + column(row.slabs, 7) + column(row.live, 10) + column(fill, 6) + column(row.liveBytes, 14)
          + column(row.freeBytes, 14)
          + (growth == 0 ? change : (growth > 0 ? Colour.red : Colour.green).paint(change)) + "\n")
    }
  }
}

extension ReportRow {
  fileprivate var name: String {
    switch kind {
    case .sizeClass: "\(slotSize)"
    case .large: "large"
    case .freeRuns: "free runs"
    case .metadata: "metadata"
    case .total, .lent, .broken: ""
    }
  }
}
