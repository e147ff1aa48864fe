import Glibc

extension Command {
  static let map = Command(
    name: "map", usage: "[OPTION...] -o FILE PID|CORE|TRACE",
    summary: "Draw the heaps, now or over time: SVG or a page of HTML, for any browser.",
    options: [
      ("output=", "the file: a picture, or a page if its name ends in .html"),
      ("every=", "the page has several pictures of a process: one every 2s, 500ms, ..."),
      ("frames=", "so many of them; 20 without this"),
    ],
    examples: [
      "slabmalloc map -o heap.svg 4711", "slabmalloc map -o heap.html --every 1s --frames 60 4711",
      "slabmalloc map -o perl.svg perl.trace",
    ],
    body: { (options) throws(ToolError) in
      guard let path = options.values["output"], !path.isEmpty else { throw .usage("it takes -o FILE") }
      let operand = try options.operand("a process, a core file or a trace")
      let pause = try options.values["every"].map { (text) throws(ToolError) in try milliseconds(text) }
      let frames = try options.number("frames", 1...1000)
      let isPage = path.hasSuffix(".html")
      if pause == nil, frames != nil { throw .usage("--frames takes --every too") }
      if pause != nil, !isPage { throw .usage("several pictures are a page: -o FILE.html") }
      if !isProcess(operand), TraceReader.isTrace(operand) {
        guard !isPage else { throw .usage("a trace is drawn as a picture: -o FILE.svg") }
        return try OutputFile.write(TimelinePicture(operand, Timeline(operand)).svg, to: path)
      }
      let source = try openSource(operand)
      if pause != nil, !source.isRunning { throw .usage("a core file does not change") }
      let title = "\(source.programName) [\(source.processID)]"
      let readers = try HeapReader.all(in: source)
      guard isPage else { return try OutputFile.write(HeapPicture(title, runs(readers)).svg, to: path) }
      try writePage(title, source, readers, pause ?? 0, pause == nil ? 1 : frames ?? 20, to: path)
    })

  private static func runs(_ readers: [HeapReader]) throws(ToolError) -> [RunFacts] {
    var runs: [RunFacts] = []
    for reader in readers { runs += try reader.read().runs }
    return runs.sorted { $0.start < $1.start }
  }

  /// A page with a picture every so many milliseconds. A process that ends leaves a page with those that there are.
  private static func writePage(
    _ title: String, _ source: any Source, _ readers: [HeapReader], _ pause: UInt64, _ count: Int, to path: String
  ) throws(ToolError) {
    var page = HeapPage(title)
    let progress = Progress("picture", of: count)
    let start = monotonicNanoseconds()
    for index in 0..<count {
      let due = start + UInt64(index) * pause * 1_000_000
      let now = monotonicNanoseconds()
      if due > now { usleep(useconds_t((due - now) / 1000)) }
      do { page.add(try runs(readers), milliseconds: (monotonicNanoseconds() - start) / 1_000_000) } catch {
        // It is too busy for this one.
        if error.isPassing, index > 0 { continue }
        guard page.count > 0 else { throw error }
        progress.end()
        try OutputFile.write(page.html, to: path)
        throw ToolError(
          message: "\(error.message): \(path) has \(page.count) of \(count) pictures", status: error.status)
      }
      progress.add(1)
    }
    progress.end()
    try OutputFile.write(page.html, to: path)
  }

  /// "2s", "500ms", or "2" for seconds.
  private static func milliseconds(_ text: String) throws(ToolError) -> UInt64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let factors: [Substring: UInt64] = ["": 1000, "s": 1000, "ms": 1, "min": 60000]
    guard let number = UInt64(digits), let factor = factors[text.dropFirst(digits.count)], number > 0,
      number <= 86_400_000 / factor
    else { throw .usage("--every takes a time such as 2s or 500ms, up to a day") }
    return number * factor
  }
}
