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
      guard let program = options.rest.first else { throw .usage("it takes a program") }
      let library = try Installation.file("libslabmalloc-preload.so")
      guard strpbrk(library, " :") == nil else {
        let path = String(cString: library)
        throw .unreadable("\(path) cannot be preloaded: its path has a space or a colon, which LD_PRELOAD is split at")
      }
      let variables = [
        ("profile", "PROFILE"), ("stats", "STATS"), ("stats-file", "STATS_FILE"), ("stats-signal", "STATS_SIGNAL"),
        ("stats-interval", "STATS_INTERVAL"), ("record", "TRACE"), ("sample", "SAMPLE"), ("sample-file", "SAMPLE_FILE"),
      ]
      for (name, variable) in variables {
        if let value = options.words[name] { setenv("SLABMALLOC_\(variable)", value, 1) }
      }
      if options.has("backtrace") { setenv("SLABMALLOC_BACKTRACE", "1", 1) }
      // An option that the library cannot read ends the program: it was given here.
      setenv("SLABMALLOC_ABORT_CONF", "1", 0)
      var preload = library
      if let others = getenv("LD_PRELOAD") {
        preload = Options.Word.allocate(capacity: strlen(library) + strlen(others) + 2)
        strcpy(preload, library)
        strcat(preload, ":")
        strcat(preload, others)
      }
      setenv("LD_PRELOAD", preload, 1)
      throw Installation.execute(program, options.rest)
    }, passesRest: true)

  static let replay = Command(
    name: "replay", usage: "ARGUMENT...", summary: "Replay a trace on any malloc: slabmalloc-replay, see its --help.",
    options: [], examples: ["slabmalloc replay run perl.trace", "slabmalloc replay dump perl.trace"],
    body: { (options) throws(ToolError) in
      let tool = try Installation.file("slabmalloc-replay")
      var words = options.rest
      if let name = strdup("slabmalloc-replay") { words.insert(name, at: 0) }
      throw Installation.execute(tool, words)
    }, passesRest: true)
}

/// Files that came with the tool: beside it in the folder where it was built, or below the same prefix.
enum Installation {
  /// A path: any bytes, and not always text.
  static func file(_ name: String) throws(ToolError) -> Options.Word {
    let room = Int(PATH_MAX) + 64
    let folder = Options.Word.allocate(capacity: room)
    let place = Options.Word.allocate(capacity: room)
    defer {
      folder.deallocate()
      place.deallocate()
    }
    let length = readlink("/proc/self/exe", folder, Int(PATH_MAX))
    guard length > 0 else { throw .unreadable("there is no /proc here: \(name) cannot be found") }
    folder[length] = 0
    strrchr(folder, Int32(UInt8(ascii: "/")))?.pointee = 0
    for other in ["/../lib/", "/../\(machineFolder)/", "/../lib64/", "/", "/../", "/../replay/"] {
      strcpy(place, folder)
      strncat(place, other + name, 63)
      if access(place, R_OK) == 0, let real = realpath(place, nil) { return real }
    }
    throw .unreadable("\(name) is not in \(String(cString: folder))/../lib")
  }

  /// Where Debian has libraries: lib/x86_64-linux-gnu.
  private static var machineFolder: String {
    var system = utsname()
    guard uname(&system) == 0 else { return "lib" }
    let machine = withUnsafeBytes(of: system.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return "lib/\(machine)-linux-gnu"
  }

  /// Becomes another program. Returns why it could not.
  static func execute(_ program: Options.Word, _ arguments: [Options.Word]) -> ToolError {
    var words: [Options.Word?] = arguments + [nil]
    execvp(program, &words)
    return .unreadable("\(String(cString: program)) cannot be run: \(systemError())")
  }
}
