import Glibc

extension Command {
  static let run = Command(
    name: "run", usage: "[OPTION...] [--] PROGRAM [ARGUMENT...]", summary: "Run a program on slabmalloc.",
    options: [
      ("profile=", "fast, checked or hardened"),
      ("stats=", "print the statistics at the end: table or json"),
      ("stats-file=", "into this file; %p becomes the process's number"),
      ("stats-signal=", "also on this signal, such as USR2"),
      ("stats-interval=", "also every so many seconds"),
      ("record=", "record a trace into this file"),
      ("sample=", "write a heap profile, with so many bytes between two samples, such as 512KiB"),
      ("sample-file=", "into this file; %p becomes the process's number"),
      ("backtrace", "show the call stack of a misuse"),
    ],
    examples: [
      "slabmalloc run --profile hardened -- ls -l", "slabmalloc run --stats json --stats-file heap.%p.json make",
      "slabmalloc run --record perl.trace perl -e 'print 1'",
    ],
    body: { (options) throws(ToolError) in
      guard let program = options.operands.first else { throw .usage("it takes a program") }
      let library = try Installation.file("libslabmalloc-preload.so")
      guard !library.contains(where: { $0 == " " || $0 == ":" }) else {
        throw .unreadable(
          "\(library) cannot be preloaded: its path has a space or a colon, which LD_PRELOAD is split at")
      }
      let variables = [
        ("profile", "PROFILE"), ("stats", "STATS"), ("stats-file", "STATS_FILE"), ("stats-signal", "STATS_SIGNAL"),
        ("stats-interval", "STATS_INTERVAL"), ("record", "TRACE"), ("sample", "SAMPLE"), ("sample-file", "SAMPLE_FILE"),
      ]
      for (name, variable) in variables {
        if let value = options.values[name] { setenv("SLABMALLOC_\(variable)", value, 1) }
      }
      if options.has("backtrace") { setenv("SLABMALLOC_BACKTRACE", "1", 1) }
      // An option that the library cannot read ends the program: it was given here.
      setenv("SLABMALLOC_ABORT_CONF", "1", 0)
      let others = getenv("LD_PRELOAD").map { ":" + String(cString: $0) } ?? ""
      setenv("LD_PRELOAD", library + others, 1)
      throw Installation.execute(program, options.operands)
    }, passesRest: true)

  static let replay = Command(
    name: "replay", usage: "ARGUMENT...", summary: "Replay a trace on any malloc: slabmalloc-replay, see its --help.",
    options: [], examples: ["slabmalloc replay run perl.trace", "slabmalloc replay dump perl.trace"],
    body: { (options) throws(ToolError) in
      let tool = try Installation.file("slabmalloc-replay")
      throw Installation.execute(tool, ["slabmalloc-replay"] + options.operands)
    }, passesRest: true)
}

/// Files that came with the tool: beside it in the folder where it was built, or below the same prefix.
enum Installation {
  static func file(_ name: String) throws(ToolError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard length > 0 else { throw .unreadable("there is no /proc here: \(name) cannot be found") }
    let own = String(decoding: buffer[0..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
    let places = [
      "\(folder)/../lib/\(name)", "\(folder)/\(name)", "\(folder)/../\(name)", "\(folder)/../replay/\(name)",
    ]
    for place in places where access(place, R_OK) == 0 {
      guard let real = realpath(place, nil) else { continue }
      defer { free(real) }
      return String(cString: real)
    }
    throw .unreadable("\(name) is not in \(folder)/../lib")
  }

  /// Becomes another program. Returns why it could not.
  static func execute(_ program: String, _ arguments: [String]) -> ToolError {
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    execvp(program, &words)
    return .unreadable("\(program) cannot be run: \(systemError())")
  }
}
