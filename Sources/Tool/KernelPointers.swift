import Glibc

/// Pointers that a program has left with the kernel, which gives them back with an event: /proc/PID shows them. They
/// are in no memory of the program.
///
///     fdinfo/N of an epoll    tfd:        5 events:       19 data:     7f0012345680  ...
///     timers                  signal: 14/00007f0012345680
enum KernelPointers {
  static func all(of process: RunningProcess) -> [UInt] {
    var found: [UInt] = []
    let folder = "/proc/\(process.id)/fdinfo"
    if let names = opendir(folder) {
      defer { closedir(names) }
      while let entry = readdir(names) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard name.first != ".", let text = try? readFile("\(folder)/\(name)") else { continue }
        for line in text.split(separator: "\n") where line.hasPrefix("tfd:") {
          let words = line.split(separator: " ")
          guard let place = words.firstIndex(of: "data:"), place + 1 < words.count else { continue }
          if let word = UInt(words[place + 1], radix: 16) { found.append(word) }
        }
      }
    }
    let timers = (try? readFile("/proc/\(process.id)/timers")) ?? ""
    for line in timers.split(separator: "\n") where line.hasPrefix("signal:") {
      if let word = line.split(separator: "/").last.flatMap({ UInt($0, radix: 16) }) { found.append(word) }
    }
    return found
  }
}
