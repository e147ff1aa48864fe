import Glibc

/// The memory of a program, read from outside: of a running process by /proc/PID/mem, or of a core file. The process is
/// not stopped, and runs no code for it.
///
/// Whoever reads says what it is about, for the error.
protocol Source: AnyObject {
  /// As the command line names it: "4711" or "core.4711".
  var name: String { get }
  /// The process's number, 0 if it is not known.
  var processID: UInt { get }
  var programName: String { get }
  /// Whether what is read may be different the next time.
  var isRunning: Bool { get }
  /// Where loaded files start: the addresses of their ELF headers, and their names.
  func images() throws(ToolError) -> [Image]
  /// All mapped memory that a program may read or write, by address.
  func regions() throws(ToolError) -> [Region]
  /// Copies memory. False if it is not there.
  func read(_ address: UInt, into buffer: UnsafeMutableRawBufferPointer) -> Bool
  /// Why memory could not be read.
  func explain(_ what: String) -> ToolError
}

/// Pages of a file in memory.
struct Mapping {
  let start: UInt
  let end: UInt
  let offset: UInt
  let path: String
}

/// A stretch of mapped memory.
struct Region {
  let range: Range<UInt>
  let isWritable: Bool
  let isExecutable: Bool
  /// Other processes do not see what is written to it.
  let isPrivate: Bool
  /// "" if there is none. Names in brackets are the kernel's.
  let path: String
}

/// A file that starts in memory, whether the loader put it there or something reads it as data.
struct Image {
  let base: UInt
  let path: String
  private let mappings: [Mapping]

  static func all(_ mappings: [Mapping]) -> [Image] {
    let byPath = Dictionary(grouping: mappings) { $0.path }
    return mappings.filter { $0.offset == 0 }.map {
      Image(base: $0.start, path: $0.path, mappings: byPath[$0.path] ?? [])
    }
  }

  /// Whether an address has this part of the file.
  func has(_ offset: UInt, at address: UInt) -> Bool {
    mappings.contains { address >= $0.start && address < $0.end && $0.offset &+ (address - $0.start) == offset }
  }
}

extension Source {
  /// A value at an address; nil if it is not there.
  func value<Value: BitwiseCopyable>(_ address: UInt, as type: Value.Type) -> Value? {
    withUnsafeTemporaryAllocation(byteCount: MemoryLayout<Value>.size, alignment: MemoryLayout<Value>.alignment) {
      read(address, into: $0) ? $0.load(as: Value.self) : nil
    }
  }

  /// Memory of this command with a copy of so many bytes. The caller frees it. nil if not all of them are there.
  func copy(_ address: UInt, _ bytes: Int) -> UnsafeMutableRawBufferPointer? {
    guard !address.addingReportingOverflow(UInt(bytes)).overflow else { return nil }
    // A damaged number of bytes takes no memory: some of them are not there.
    for place in stride(from: 0, to: bytes, by: 1 << 20).dropFirst() {
      guard value(address + UInt(place), as: UInt8.self) != nil else { return nil }
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes, 1), alignment: 128)
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<bytes])
    guard read(address, into: part) else {
      buffer.deallocate()
      return nil
    }
    return buffer
  }
}

/// Digits are a process, all else is a file.
func isProcess(_ name: String) -> Bool { !name.isEmpty && name.allSatisfy { $0 >= "0" && $0 <= "9" } }

/// Opens what the command line names.
func openSource(_ name: String) throws(ToolError) -> any Source {
  if isProcess(name) {
    guard let id = Int32(name), id > 0 else { throw .usage("\(name) is no process") }
    return try RunningProcess(id)
  }
  return try CoreFile(name)
}

/// The reason that the C library gives.
func systemError() -> String { String(cString: strerror(errno)) }
