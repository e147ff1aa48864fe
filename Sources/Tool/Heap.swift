extension Command {
  static let heap = Command(
    name: "heap", usage: "[--json] PID|CORE", summary: "List the slabs, large objects and free runs, by address.",
    options: [("json", "one line of JSON for each run of pages")],
    examples: ["slabmalloc heap 4711", "slabmalloc heap --json 4711 | jq -s 'map(select(.fill < 10)) | length'"],
    body: { (options) throws(ToolError) in
      let source = try openSource(options.operand("a process or a core file"))
      for reader in try HeapReader.all(in: source) {
        let runs = try reader.read().runs.sorted { $0.start < $1.start }
        if options.has("json") {
          for run in runs { Output.put(run.json + "\n") }
          continue
        }
        Output.put(Colour.bold.paint("           address         bytes  what           slots      live  fill") + "\n")
        for run in runs { Output.put(run.line) }
        Output.put(fragmentation(of: runs))
      }
    })

  /// How much of the slabs is free beside live objects, and how the free runs are cut up.
  private static func fragmentation(of runs: [RunFacts]) -> String {
    var (slabBytes, liveBytes, freeBytes, freeRuns, largest): (UInt, UInt, UInt, UInt, UInt) = (0, 0, 0, 0, 0)
    for run in runs {
      switch run.kind {
      case .slab:
        slabBytes += run.bytes
        liveBytes += run.live * run.slotSize
      case .free, .kept, .busy:
        freeBytes += run.bytes
        freeRuns += 1
        largest = max(largest, run.bytes)
      case .unused, .large, .metadata: break
      }
    }
    return "slabs: \(slabBytes) bytes, \(TableLine.percent(liveBytes, of: slabBytes))% live; "
      + "free runs: \(freeRuns), \(freeBytes) bytes, the largest \(largest)\n"
  }
}

extension RunFacts {
  /// What the run is, in words of the table.
  var what: String {
    switch kind {
    case .slab: "slab of \(slotSize)"
    case .large: "large"
    case .metadata: "metadata"
    case .unused, .free, .kept, .busy: isClean ? "clean" : "dirty"
    }
  }

  fileprivate var line: String {
    let figures = kind == .slab ? column(slots, 10) + column(live, 10) : column("-", 10) + column("-", 10)
    let full = kind == .slab || kind == .large ? "\(fill)%" : "-"
    let padded = what + String(repeating: " ", count: max(13 - what.count, 0))
    return column(hex(start), 18) + column(bytes, 14) + "  " + padded + figures.dropFirst(4) + column(full, 6) + "\n"
  }

  fileprivate var json: String {
    let isSlab = kind == .slab
    var text = "{\"address\":\"\(hex(start))\",\"bytes\":\(bytes),\"what\":\"\(isSlab ? "slab" : what)\""
    if isSlab { text += ",\"slot_bytes\":\(slotSize),\"slots\":\(slots),\"live\":\(live)" }
    if kind == .large { text += ",\"object_bytes\":\(objectBytes)" }
    if isSlab || kind == .large { text += ",\"fill\":\(fill)" }
    return text + "}"
  }
}
