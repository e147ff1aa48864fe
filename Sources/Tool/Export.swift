import Glibc

extension Command {
  static let export = Command(
    name: "export", usage: "[--counters] -o FILE TRACE",
    summary: "Write a trace as Chrome's trace events, which Perfetto and other viewers read.",
    options: [
      ("output=", "the file"),
      ("counters", "only the live bytes of each size class, without the calls"),
    ],
    examples: ["slabmalloc export -o perl.json perl.trace", "slabmalloc export --counters -o perl.json perl.trace"],
    body: { (options) throws(ToolError) in
      guard let path = options.values["output"], !path.isEmpty else { throw .usage("it takes -o FILE") }
      let trace = try options.operand("a trace")
      var events = ChromeEvents()
      let timeline = try Timeline(trace)
      if !options.has("counters") {
        let file = try MappedFile(trace)
        var reader = try TraceReader(trace, file.bytes)
        while !reader.isAtEnd { try reader.next { events.add($0) } }
        reader.settle { events.add($0) }
      }
      // Each counter has all classes: viewers take one that is missing for unchanged.
      let used = (0...Timeline.large).filter { index in timeline.points.contains { $0.classes[index] > 0 } }
      for point in timeline.points { events.add(point, used) }
      try OutputFile.write(events.json, to: path)
    })
}

/// A trace in the form of Chrome's trace events. A trace has the order of operations and not their times: an operation
/// takes a microsecond.
///
///     X  a call: its thread, its bytes, the numbers of the objects that it made and freed
///     M  the name of a thread
///     C  the live bytes of each size class, which viewers draw one upon the other
struct ChromeEvents {
  private var text = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":["
  private var isFirst = true
  private var threads: Set<UInt> = []

  var json: String { text + "\n]}\n" }

  private mutating func add(_ event: String) {
    text += isFirst ? "\n" : ",\n"
    isFirst = false
    text += event
  }

  mutating func add(_ event: TraceReader.Event) {
    guard case .operation(let call) = event else { return }
    if threads.insert(call.thread).inserted {
      add(
        "{\"ph\":\"M\",\"pid\":1,\"tid\":\(call.thread),\"name\":\"thread_name\","
          + "\"args\":{\"name\":\"thread \(call.thread)\"}}")
    }
    var arguments: [String] = []
    if call.kind != TraceKind.free { arguments.append("\"bytes\":\(call.size)") }
    if let made = call.made { arguments.append("\"object\":\(made)") }
    if let freed = call.freed { arguments.append("\"freed\":\(freed)") }
    if call.isFailed { arguments.append("\"failed\":true") }
    if call.isMisuse { arguments.append("\"misuse\":true") }
    add(
      "{\"ph\":\"X\",\"pid\":1,\"tid\":\(call.thread),\"ts\":\(call.number),\"dur\":1,"
        + "\"name\":\"\(name(call.kind))\",\"args\":{\(arguments.joined(separator: ","))}}")
  }

  mutating func add(_ point: Timeline.Point, _ used: [Int]) {
    let classes = used.map { index in
      "\"\(index == Timeline.large ? "large" : "\(SizeClass.slotSize(UInt(index)))")\":\(point.classes[index])"
    }
    add(
      "{\"ph\":\"C\",\"pid\":1,\"ts\":\(point.operations),\"name\":\"live bytes\","
        + "\"args\":{\(classes.joined(separator: ","))}}")
  }

  private func name(_ kind: UInt8) -> StaticString {
    switch kind {
    case TraceKind.malloc: "malloc"
    case TraceKind.calloc: "calloc"
    case TraceKind.aligned: "aligned"
    case TraceKind.realloc: "realloc"
    default: "free"
    }
  }
}
