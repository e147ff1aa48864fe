import Glibc

/// A file that is there as a whole or not at all: it is written beside its place, and moved there.
///
///     path ──realpath──> the file itself      so that a symbolic link stays
///                        the file.RANDOM.part new: O_EXCL opens nothing that somebody put there
///
/// What is no regular file, such as a device or a pipe, is written to directly: nothing can take its place.
enum OutputFile {
  static func write(_ text: String, to path: String) throws(ToolError) {
    func refuse(_ reason: String) -> ToolError { .unreadable("\(path) cannot be written: \(reason)") }
    var status = Glibc.stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      let file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
      guard file >= 0, put(text, file) else { throw refuse(systemError()) }
      return
    }
    guard let place = real(path), let (part, file) = create(beside: place) else { throw refuse(systemError()) }
    guard put(text, file), rename(part, place) == 0 else {
      let reason = systemError()
      unlink(part)
      throw refuse(reason)
    }
  }

  /// The path behind symbolic links, or the path itself if nothing is there. nil if a link leads nowhere.
  private static func real(_ path: String) -> String? {
    if let real = realpath(path, nil) {
      defer { free(real) }
      return String(cString: real)
    }
    let reason = errno
    var status = Glibc.stat()
    guard reason == ENOENT, lstat(path, &status) != 0 else {
      errno = reason
      return nil
    }
    return path
  }

  private static func create(beside place: String) -> (path: String, file: Int32)? {
    for _ in 0..<100 {
      let part = "\(place).\(String(UInt32.random(in: 0...UInt32.max), radix: 16)).part"
      let file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
      if file >= 0 { return (part, file) }
      guard errno == EEXIST else { return nil }
    }
    return nil
  }

  /// Writes a text and closes the file. On failure errno has the first reason.
  private static func put(_ text: String, _ file: Int32) -> Bool {
    var text = text
    var reason: Int32 = 0
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let written = Glibc.write(file, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return reason = written < 0 ? errno : EIO }
        done += written
      }
    }
    if close(file) != 0, reason == 0 { reason = errno }
    errno = reason
    return reason == 0
  }
}
