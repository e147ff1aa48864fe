import Glibc

/// The text form, which gperftools and this library write:
///
///     heap profile:   12:  12288 [  40:  40960] @ heap_v2/524288
///        3:   3072 [    3:   3072] @ 0x55d0a1b2c3d4 0x7f0012345678 ...
///
///     MAPPED_LIBRARIES:
///     55d0a1b2c000-55d0a1b2d000 r-xp 00001000 08:01 4711   /usr/bin/redis-server
///
/// The lines of heap_v2/RATE count samples. Each is scaled by its average size.
extension SampleProfile {
  mutating func readText(_ bytes: [UInt8], _ path: String) throws(ToolError) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let heading = String(decoding: lines[0], as: UTF8.self)
    var rate: Double?
    if let version = heading.split(separator: " ").last, version.hasPrefix("heap_v2/") {
      guard let number = Double(version.dropFirst(8)), number > 0 else {
        throw Self.refuse(path, "its rate is no number")
      }
      rate = number
    }
    var isMapping = false
    for (number, bytes) in lines.dropFirst().enumerated() {
      let line = String(decoding: bytes, as: UTF8.self)
      if line.hasPrefix("MAPPED_LIBRARIES:") {
        isMapping = true
      } else if isMapping {
        if let mapping = Self.mapping(line) { mappings.append(mapping) }
      } else if line.contains(where: { $0 != " " }) {
        guard let stack = Self.stack(line, rate) else { throw Self.refuse(path, "line \(number + 2) cannot be read") }
        stacks.append(stack)
      }
    }
    guard isMapping else { throw Self.refuse(path, "it is cut off") }
  }

  private static func stack(_ line: String, _ rate: Double?) -> Stack? {
    // Colons and brackets stand behind numbers.
    let words = line.split { $0 == " " || $0 == ":" || $0 == "[" || $0 == "]" }
    guard words.count >= 5, words[4] == "@" else { return nil }
    let numbers = words[0..<4].compactMap { Double($0) }
    let calls = words[5...].compactMap { $0.hasPrefix("0x") ? UInt($0.dropFirst(2), radix: 16) : nil }
    guard numbers.count == 4, calls.count == words.count - 5 else { return nil }
    // The call is before the place that it returns to.
    var stack = Stack(calls: calls.map { $0 &- 1 })
    stack.live = scaled(numbers[0], numbers[1], rate)
    stack.allocated = scaled(numbers[2], numbers[3], rate)
    return stack
  }

  private static func scaled(_ objects: Double, _ bytes: Double, _ rate: Double?) -> Amount {
    guard let rate, objects > 0, bytes > 0 else { return Amount(objects: objects, bytes: bytes) }
    let scale = -1 / expm1(-bytes / objects / rate)
    return Amount(objects: objects * scale, bytes: bytes * scale)
  }

  /// A line of /proc/PID/maps. nil if it is none of a file.
  private static func mapping(_ line: String) -> Mapping? {
    let words = line.split(separator: " ", maxSplits: 5)
    guard words.count == 6 else { return nil }
    let range = words[0].split(separator: "-")
    guard range.count == 2, let start = UInt(range[0], radix: 16), let end = UInt(range[1], radix: 16),
      let offset = UInt(words[2], radix: 16), let path = words[5].drop(while: { $0 == " " }) as Substring?,
      path.hasPrefix("/")
    else { return nil }
    return Mapping(start: start, end: end, offset: offset, path: String(path))
  }
}
