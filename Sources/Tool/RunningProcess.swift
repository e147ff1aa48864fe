import Glibc

/// A running process, by /proc/PID/maps and /proc/PID/mem. It needs the rights of ptrace(2): the same user, or root.
final class RunningProcess: Source {
  let id: Int32
  private let memory: Int32
  /// What the system says of each page; -1 where it says nothing.
  private let pages: Int32
  let pageBytes = UInt(sysconf(Int32(_SC_PAGESIZE)))
  let programName: String
  var name: String { "\(id)" }
  var processID: UInt { UInt(id) }
  var isRunning: Bool { true }

  init(_ id: Int32) throws(ToolError) {
    guard access("/proc/self", F_OK) == 0 else { throw .unreadable("there is no /proc here") }
    guard access("/proc/\(id)", F_OK) == 0 else { throw .unreadable("there is no process \(id)") }
    // Names end by a newline.
    programName = (try? readFile("/proc/\(id)/comm")).map { String($0.dropLast()) } ?? ""
    self.id = id
    memory = open("/proc/\(id)/mem", O_RDONLY | O_CLOEXEC)
    guard memory >= 0 else { throw .unreadable("process \(id) cannot be read: \(RunningProcess.refusal(of: id))") }
    pages = open("/proc/\(id)/pagemap", O_RDONLY | O_CLOEXEC)
  }

  deinit {
    close(memory)
    if pages >= 0 { close(pages) }
  }

  func images() throws(ToolError) -> [Image] {
    Image.all(
      try maps().compactMap { map in
        guard map.words[1].first == "r", let path = map.path.firstIndex(of: "/") else { return nil }
        return Mapping(start: map.start, end: map.end, offset: map.offset, path: String(map.path[path...]))
      })
  }

  func regions() throws(ToolError) -> [Region] {
    try maps().map { map in
      Region(
        range: map.start..<map.end, isWritable: map.words[1].contains("w"), isExecutable: map.words[1].contains("x"),
        isPrivate: map.words[1].last == "p", path: String(map.path))
    }
  }

  /// Lines of /proc/PID/maps.
  private func maps() throws(ToolError) -> [(start: UInt, end: UInt, offset: UInt, words: [Substring], path: Substring)]
  {
    guard let text = try? readFile("/proc/\(id)/maps"), !text.isEmpty else { throw explain("its mappings") }
    return text.split(separator: "\n").compactMap { line in
      // 7f0012340000-7f0012350000 r--p 00000000 08:01 4711    /usr/lib/libslabmalloc.so.0
      let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard words.count >= 5, let offset = UInt(words[2], radix: 16), ends.count == 2, ends[0] <= ends[1] else {
        return nil
      }
      return (ends[0], ends[1], offset, words, words.count == 6 ? words[5].drop { $0 == " " } : "")
    }
  }

  /// The system's entries of so many pages from an address on, see `PageEntry`; nil if it has none.
  func entries(_ page: UInt, _ count: Int) -> [UInt64]? {
    guard pages >= 0 else { return nil }
    var entries = [UInt64](repeating: 0, count: count)
    let got = entries.withUnsafeMutableBytes { pread(pages, $0.baseAddress, $0.count, off_t(page * 8)) }
    return got == count * 8 ? entries : nil
  }

  func read(_ address: UInt, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < buffer.count {
      guard let start = buffer.baseAddress, let place = off_t(exactly: address &+ UInt(done)) else { return false }
      let got = pread(memory, start + done, buffer.count - done, place)
      if got < 0, errno == EINTR { continue }
      // The end of this file is the end of the process: its memory has gone.
      if got == 0 { errno = ESRCH }
      guard got > 0 else { return false }
      done += got
    }
    return true
  }

  func explain(_ what: String) -> ToolError {
    let (isGone, reason) = (errno == ESRCH, systemError())
    return isGone || hasEnded
      ? .unreadable("process \(id) has ended") : .unreadable("process \(id): \(what) cannot be read: \(reason)")
  }

  /// A process that has ended, and is waited for by nobody, has no memory either.
  var hasEnded: Bool {
    let status = (try? readFile("/proc/\(id)/stat")) ?? ""
    let state = status.split(separator: ")").last?.first { $0 != " " }
    return status.isEmpty || state == "Z" || state == "X"
  }

  /// Why the system refuses to show a process, and what may help.
  static func refusal(of id: Int32) -> String {
    let reason = systemError()
    let status = (try? readFile("/proc/\(id)/status")) ?? ""
    func field(_ name: String) -> UInt? {
      status.split(separator: "\n").first { $0.hasPrefix("\(name):") }?.split(whereSeparator: {
        $0 == " " || $0 == "\t"
      })
      .dropFirst().first.flatMap { UInt($0) }
    }
    if let tracer = field("TracerPid"), tracer != 0 { return "\(reason): process \(tracer) traces it" }
    if let user = field("Uid"), user != UInt(getuid()) { return "\(reason): it is user \(user)'s" }
    let yama = (try? readFile("/proc/sys/kernel/yama/ptrace_scope")) ?? "0"
    guard yama.first == "0" else {
      return "\(reason): /proc/sys/kernel/yama/ptrace_scope is \(yama.prefix { $0 != "\n" })"
    }
    return reason
  }
}

/// A whole file, such as those of /proc, whose size is not known before.
func readFile(_ path: String) throws(ToolError) -> String {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw .unreadable("\(path): \(systemError())") }
  defer { close(file) }
  var bytes: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 65536)
  while true {
    let got = Glibc.read(file, &part, part.count)
    guard got >= 0 else { throw .unreadable("\(path): \(systemError())") }
    if got == 0 { break }
    bytes += part[0..<got]
  }
  return String(decoding: bytes, as: UTF8.self)
}
