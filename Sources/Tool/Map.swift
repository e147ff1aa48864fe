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

/// A file that is there as a whole or not at all: it is written beside its place, and moved there.
enum OutputFile {
  static func write(_ text: String, to path: String) throws(ToolError) {
    let part = "\(path).\(getpid()).part"
    func refuse() -> ToolError {
      let reason = systemError()
      unlink(part)
      return .unreadable("\(path) cannot be written: \(reason)")
    }
    // Not a device or a pipe: nothing can take their place.
    var status = Glibc.stat()
    let isSpecial = stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    guard let file = fopen(isSpecial ? path : part, "w") else { throw refuse() }
    var text = text
    let isWritten = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
    let isClosed = fclose(file) == 0
    guard isWritten, isClosed, isSpecial || rename(part, path) == 0 else { throw refuse() }
  }
}
