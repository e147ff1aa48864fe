import Glibc

extension Command {
  static let sample = Command(
    name: "sample", usage: "[OPTION...] PROFILE", summary: "Show a heap profile: which functions allocated what.",
    options: [
      ("show=", "live, allocated or peak: what is counted; live without this"),
      ("objects", "by objects in place of bytes"),
      ("count=", "so many functions; 30 without this, 0 for all"),
      ("json", "each call stack as one line of JSON"),
      ("output=", "draw a flame graph into this file: SVG, for any browser"),
    ],
    examples: [
      "slabmalloc run --sample 512KiB --sample-file redis.pb redis-server", "slabmalloc sample redis.pb",
      "slabmalloc sample --show allocated -o redis.svg redis.pb",
    ],
    body: { (options) throws(ToolError) in
      let path = try options.operand("the file of a heap profile")
      guard let what = SampleProfile.What(rawValue: options.values["show"] ?? "live") else {
        throw .usage("--show takes live, allocated or peak")
      }
      let count = try options.number("count", 0...1_000_000) ?? 30
      let profile = try SampleProfile(path)
      guard what != .peak || profile.hasPeak else {
        throw .nothing("\(path) does not say what was live at the peak: pprof's form does")
      }
      var symbols = Symbolizer(profile.mappings)
      let stacks = profile.stacks.map { ($0.calls.map { symbols.name($0) }, $0) }
      if options.has("json") { return stacks.forEach { printLine($0.0, $0.1, profile.hasPeak) } }
      if let output = options.values["output"] {
        let tree = SampleTree("all")
        for (calls, stack) in stacks { tree.add(calls.reversed(), stack.amount(what)) }
        let title = "\(path.split(separator: "/").last ?? ""), \(what.title)"
        return try OutputFile.write(FlameGraph(title, tree, byObjects: options.has("objects")).svg, to: output)
      }
      var list = SampleList()
      for (calls, stack) in stacks { list.add(calls, stack.amount(what)) }
      printList(list, "\(path), \(what.title)", byObjects: options.has("objects"), count)
    })

  private static func printLine(_ calls: [String], _ stack: SampleProfile.Stack, _ hasPeak: Bool) {
    func amount(_ name: String, _ amount: SampleProfile.Amount) -> String {
      "\"\(name)_objects\":\(Int(amount.objects.rounded())),\"\(name)_bytes\":\(Int(amount.bytes.rounded()))"
    }
    var fields = [amount("live", stack.live), amount("allocated", stack.allocated)]
    if hasPeak { fields.append(amount("peak", stack.peak)) }
    let names = calls.map { Output.quoted($0) }.joined(separator: ",")
    Output.put("{\(fields.joined(separator: ",")),\"calls\":[\(names)]}\n")
  }

  private static func printList(_ list: SampleList, _ title: String, byObjects: Bool, _ count: Int) {
    func value(_ amount: SampleProfile.Amount) -> Double { byObjects ? amount.objects : amount.bytes }
    func number(_ amount: SampleProfile.Amount) -> String { column(Int(value(amount).rounded()), 15) }
    func share(_ amount: SampleProfile.Amount) -> String {
      let all = value(list.total)
      return column("\(all > 0 ? Int((100 * value(amount) / all).rounded()) : 0)%", 6)
    }
    Output.put("\(title), in \(byObjects ? "objects" : "bytes"): \(Int(value(list.total).rounded()))\n")
    Output.put("            own                     all        function\n")
    let rows = byObjects ? list.sorted.sorted { $0.own.objects > $1.own.objects } : list.sorted
    for row in count == 0 ? rows[...] : rows.prefix(count) {
      Output.put("\(number(row.own))\(share(row.own))\(number(row.all))\(share(row.all))  \(row.name)\n")
    }
  }
}
