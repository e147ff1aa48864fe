import Glibc

/// A file that is read as a whole.
enum FileBytes {
  /// More than any profile, program or library has.
  private static let most = 4 << 30

  static func read(_ path: String) throws(ToolError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { throw .unreadable("\(path): \(systemError())") }
    defer { close(file) }
    var status = Glibc.stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= most else {
      throw .unreadable("\(path) is no regular file, or too large")
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + done, $0.count - done) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable("\(path): \(systemError())") }
      if count == 0 { break }
      done += count
    }
    return Array(bytes[0..<done])
  }
}
