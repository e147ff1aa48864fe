import Glibc

extension Command {
  static let map = Command(
    name: "map", usage: "-o FILE.svg PID|CORE", summary: "Draw the heaps as a picture: SVG, for any browser.",
    options: [("output=", "the file of the picture")],
    examples: ["slabmalloc map -o heap.svg 4711", "slabmalloc map --output heap.svg core.4711"],
    body: { (options) throws(ToolError) in
      guard let path = options.values["output"], !path.isEmpty else { throw .usage("it takes -o FILE") }
      let source = try openSource(options.operand("a process or a core file"))
      var runs: [RunFacts] = []
      for reader in try HeapReader.all(in: source) { runs += try reader.read().runs }
      let title = "\(source.programName) [\(source.processID)]"
      try OutputFile.write(HeapPicture(title, runs.sorted { $0.start < $1.start }).svg, to: path)
    })
}
