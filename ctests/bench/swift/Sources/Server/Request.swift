/// One request. Its random numbers follow from its own number: what it allocates does not depend on the order of tasks.
struct Request: Sendable {
  let number: Int

  /// What a request leaves behind.
  struct Answer: Sendable {
    let number: Int
    let user: String
    let bytes: Int
    let session: Session?
    let page: [UInt8]?
  }

  /// Reads the body, splits it into fields, and answers.
  func answer(at second: Int) -> Answer {
    var random = Random(seed: number)
    let body = read(&random)
    var fields: [String: String] = [:]
    for pair in body.split(separator: UInt8(ascii: "&")) {
      guard let at = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
      fields[String(decoding: pair[..<at], as: UTF8.self)] = String(decoding: pair[(at + 1)...], as: UTF8.self)
    }
    let user = "user-\(random.next(below: 50_000))"
    var reply: [UInt8] = []
    for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
      reply.append(contentsOf: "<li>\(key): \(value)</li>\n".utf8)
    }
    let session = number % 8 == 0 ? Session(fields: fields, ends: second + 1 + random.next(below: 900)) : nil
    let page = number % 16 == 0 ? Array(reply.prefix(200 + random.next(below: 16_000))) : nil
    return Answer(number: number, user: user, bytes: body.count &+ reply.count, session: session, page: page)
  }

  /// A body of 100 bytes to 4 KiB; one in 32 has up to 64 KiB, one in 500 up to 1 MiB.
  private func read(_ random: inout Random) -> [UInt8] {
    let most = number % 500 == 0 ? 1 << 20 : number % 32 == 0 ? 64 << 10 : 4 << 10
    let size = 100 + random.next(below: most - 100)
    var buffer = [UInt8](repeating: UInt8(ascii: "x"), count: size)
    // At most 24 fields, whatever the size.
    var at = 0
    for field in 0..<24 {
      let text = "&field-\(field)="
      guard at + text.utf8.count < size else { break }
      buffer.replaceSubrange(at..<(at + text.utf8.count), with: text.utf8)
      at += text.utf8.count + 8 + random.next(below: max(1, size / 16))
    }
    return buffer
  }
}

/// What the server knows of a user. It lives for seconds or minutes.
final class Session: Sendable {
  let fields: [String: String]
  let ends: Int

  init(fields: [String: String], ends: Int) {
    // Short fields alone are kept.
    self.fields = fields.filter { $0.value.utf8.count <= 256 }
    self.ends = ends
  }
}

struct Random {
  private var state: UInt64

  init(seed: Int) {
    state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 4711
    _ = next(below: 2)
  }

  mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(truncatingIfNeeded: state >> 33) % bound
  }
}
