import Glibc

/// A running process, by /proc/PID/maps and /proc/PID/mem. It needs the rights of ptrace(2): the same user, or root.
final class RunningProcess: Source {
  private let id: Int32
  private let memory: Int32
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
    guard memory >= 0 else { throw .unreadable("process \(id) cannot be read: \(systemError())") }
  }

  deinit { close(memory) }

  func images() throws(ToolError) -> [Image] {
    guard let maps = try? readFile("/proc/\(id)/maps"), !maps.isEmpty else { throw explain("its mappings") }
    var mappings: [Mapping] = []
    for line in maps.split(separator: "\n") {
      // 7f0012340000-7f0012350000 r--p 00000000 08:01 4711    /usr/lib/libslabmalloc.so.0
      let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard words.count == 6, words[1].first == "r", let offset = UInt(words[2], radix: 16), ends.count == 2,
        let path = words[5].firstIndex(of: "/")
      else { continue }
      mappings.append(Mapping(start: ends[0], end: ends[1], offset: offset, path: String(words[5][path...])))
    }
    return Image.all(mappings)
  }

  func read(_ address: UInt, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < buffer.count {
      guard let start = buffer.baseAddress, let place = off_t(exactly: address &+ UInt(done)) else { return false }
      let got = pread(memory, start + done, buffer.count - done, place)
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return false }
      done += got
    }
    return true
  }

  func explain(_ what: String) -> ToolError {
    let reason = systemError()
    // A process that has ended, and is waited for by nobody, has no memory either.
    let status = (try? readFile("/proc/\(id)/stat")) ?? ""
    let state = status.split(separator: ")").last?.first { $0 != " " }
    if status.isEmpty || state == "Z" || state == "X" { return .unreadable("process \(id) has ended") }
    return .unreadable("process \(id): \(what) cannot be read: \(reason)")
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
