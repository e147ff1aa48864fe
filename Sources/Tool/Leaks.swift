import Glibc

extension Command {
  static let leaks = Command(
    name: "leaks", usage: "[OPTION...] PID|CORE", summary: "List the live objects that nothing points to.",
    options: [
      ("json", "as one line of JSON"),
      ("starts", "only a pointer to the start of an object counts, not one into it"),
      ("content", "show the first bytes of an object of each group"),
      ("exit-code=", "exit with this code if objects are lost"),
    ],
    examples: [
      "slabmalloc leaks 4711", "slabmalloc leaks --exit-code 23 4711",
      "slabmalloc leaks --json core.4711 | jq .lost_bytes",
    ],
    body: { (options) throws(ToolError) in
      let code = try options.number("exit-code", 1...255)
      let source = try openSource(options.operand("a process or a core file"))
      let leaks = try Leaks(source, onlyStarts: options.has("starts"))
      let showsContent = options.has("content")
      Output.put(options.has("json") ? leaks.json(showsContent: showsContent) : leaks.text(showsContent: showsContent))
      guard let code, !leaks.lost.isEmpty else { return }
      try Output.finish()
      exit(Int32(code))
    })
}

/// The objects that a program has lost, and how long it stood still for that.
///
/// A process may stop amid a call of malloc, where its heaps are torn, or between the two instructions that mark an
/// object as used and make its address. Torn heaps are read again after a while. What is lost is looked for again, too:
/// only what is lost twice is reported. An object that nothing points to stays lost for ever.
struct Leaks {
  private(set) var lost: [LeakGroups.Lost] = []
  private let source: any Source
  private let groups: LeakGroups
  private let live: (objects: Int, bytes: UInt)
  private let unreadBytes: UInt
  private let stopped: StoppedProcess?

  private static let attempts = 50

  init(_ source: any Source, onlyStarts: Bool) throws(ToolError) {
    self.source = source
    let readers = try HeapReader.all(in: source)
    let progress = Progress("scanned")
    stopped = (source as? RunningProcess).map { StoppedProcess($0) }
    var scan = try Self.scan(source, readers, stopped, onlyStarts, progress)
    lost = scan.lostObjects
    if stopped != nil, !lost.isEmpty {
      let before = Set(lost.map { $0.address })
      usleep(10_000)
      scan = try Self.scan(source, readers, stopped, onlyStarts, progress)
      lost = scan.lostObjects.filter { before.contains($0.address) }
    }
    progress.end()
    let tags = scan.objects.tags
    live = (tags.reduce(0) { $0 + ($1 == LiveObjects.Tag.none ? 0 : 1) }, scan.objects.liveBytes)
    unreadBytes = scan.unreadBytes
    groups = try LeakGroups(lost, source, scan.objects)
  }

  /// One look at everything while the process stands still.
  private static func scan(
    _ source: any Source, _ readers: [HeapReader], _ stopped: StoppedProcess?, _ onlyStarts: Bool, _ progress: Progress
  ) throws(ToolError) -> LeakScan {
    for attempt in 0..<(stopped == nil ? 1 : attempts) {
      if attempt > 0 { usleep(useconds_t(min(attempt, 20)) * 500) }
      try stopped?.stop()
      defer { stopped?.resume() }
      guard let (own, runs) = try read(readers) else { continue }
      let objects = LiveObjects(runs)
      let threads = stopped?.registers ?? (source as? CoreFile)?.threads ?? []
      guard !threads.isEmpty else { throw .unreadable("\(source.name): the registers of its threads are missing") }
      let scan = LeakScan(source, objects, onlyStarts: onlyStarts, progress)
      try scan.run(Roots(source, threads, own: own), threads)
      return scan
    }
    guard let stopped else {
      throw .unreadable("\(source.name): the heaps were being changed when the core was written")
    }
    throw .unreadable("process \(source.name) was amid a change of its heaps \(stopped.stops) times: try again")
  }

  /// The library's own memory, and all runs by address; nil if a reading is torn.
  private static func read(
    _ readers: [HeapReader]
  ) throws(ToolError) -> (own: [Range<UInt>], runs: [LiveObjects.Run])? {
    var own: [Range<UInt>] = []
    var runs: [LiveObjects.Run] = []
    for reader in readers {
      guard let reading = try reader.readOnce(.all) else { return nil }
      own += reading.own
      var heaps: [UInt: UInt] = [:]
      for run in reading.runs {
        var heap = run.kind == .large ? run.heap : 0
        if run.kind == .slab, run.heap != 0 {
          guard let explicit = heaps[run.heap] ?? reader.explicitHeap(of: run.heap) else { return nil }
          heaps[run.heap] = explicit
          heap = explicit
        }
        runs.append((run, reading.marks[run.start] ?? [], heap))
      }
    }
    return (own, runs.sorted { $0.run.start < $1.run.start })
  }

  private var lostBytes: UInt { lost.reduce(0) { $0 + $1.bytes } }
  private var direct: Int { lost.reduce(0) { $0 + ($1.isDirect ? 1 : 0) } }
  private var milliseconds: String {
    let microseconds = (stopped?.nanoseconds ?? 0) / 1000
    return "\(microseconds / 1000).\(String(microseconds % 1000 + 1000).dropFirst())"
  }

  func text(showsContent: Bool) -> String {
    let count = "\(lost.count) of \(live.objects) objects are lost"
    var text =
      "\(source.programName) [\(source.processID)]: \((lost.isEmpty ? Colour.green : .red).paint(count)), "
      + "\(lostBytes) of \(live.bytes) bytes; \(direct) directly\n"
    if let stopped {
      text +=
        "the process stood still for \(milliseconds) ms, in \(stopped.stops) \(stopped.stops == 1 ? "stop" : "stops")\n"
    }
    if unreadBytes > 0 { text += "\(unreadBytes) bytes that may have pointers could not be read\n" }
    guard !lost.isEmpty else { return text }
    text += Colour.bold.paint("        bytes  objects  direct size class  content; examples") + "\n"
    for group in groups.groups { text += group.line(showsContent: showsContent) }
    return text
  }

  func json(showsContent: Bool) -> String {
    var text = "{\"name\":\(Output.quoted(source.programName)),\"pid\":\(source.processID),"
    text += "\"live_objects\":\(live.objects),\"live_bytes\":\(live.bytes),\"lost_objects\":\(lost.count),"
    text += "\"lost_bytes\":\(lostBytes),\"direct_objects\":\(direct),\"unread_bytes\":\(unreadBytes),"
    if let stopped { text += "\"stops\":\(stopped.stops),\"stopped_ms\":\(milliseconds)," }
    return text + "\"groups\":[" + groups.groups.map { $0.json(showsContent: showsContent) }.joined(separator: ",")
      + "]}\n"
  }
}

extension LeakScan {
  fileprivate var lostObjects: [LeakGroups.Lost] {
    lost.map { index, slot in
      let block = objects.blocks[index]
      return LeakGroups.Lost(
        address: block.address(slot), bytes: block.objectBytes,
        isDirect: objects.tag(index, slot) == LiveObjects.Tag.direct,
        slotSize: block.run.kind == .slab ? block.run.slotSize : 0)
    }
  }
}
