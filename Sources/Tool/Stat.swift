import CSlabmalloc

extension Command {
  static let stat = Command(
    name: "stat", usage: "[--json] PID|CORE", summary: "Print what a program's heaps hold: totals and size classes.",
    options: [("json", "as one line of JSON for each copy of the library, as SLABMALLOC_STATS=json")],
    examples: ["slabmalloc stat 4711", "slabmalloc stat --json core.4711 | jq .total.live_bytes"],
    body: { (options) throws(ToolError) in
      let source = try openSource(options.operand("a process or a core file"))
      for reader in try HeapReader.all(in: source) {
        let reading = try reader.read()
        Output.print(reading.report, reading.rows, name: source.programName, json: options.has("json"))
      }
    })
}
