/// Users' sessions and the pages that were rendered last. The answers of a second come in by the number of their
/// requests: the server is the same after each second, whatever the order in which the tasks ran.
@MainActor
final class Server {
  private struct User {
    var session: Session
    var log: [String]
  }
  private var users: [String: User] = [:]
  private var pages: [[UInt8]] = []
  private var oldestPage = 0
  private var nextRequest = 0
  /// Bytes read and sent, and what was added to sessions.
  private(set) var served = 0

  func serve(_ second: Int, requests: Int) async {
    let first = nextRequest
    nextRequest += requests
    let answers = await withTaskGroup(of: Request.Answer.self) { group in
      for number in first..<(first + requests) {
        group.addTask { Request(number: number).answer(at: second) }
      }
      var answers: [Request.Answer] = []
      for await answer in group { answers.append(answer) }
      return answers.sorted { $0.number < $1.number }
    }
    for answer in answers { keep(answer, second) }
  }

  private func keep(_ answer: Request.Answer, _ second: Int) {
    served &+= answer.bytes
    if let session = answer.session {
      users[answer.user] = User(session: session, log: [])
    } else {
      users[answer.user]?.log.append("request \(answer.number) at second \(second): \(answer.bytes) bytes")
    }
    guard let page = answer.page else { return }
    if pages.count < 2000 {
      pages.append(page)
    } else {
      pages[oldestPage] = page
      oldestPage = (oldestPage + 1) % pages.count
    }
  }

  /// Ends the sessions whose time has come. Each 60 seconds without a request a tenth of the pages go.
  func expire(at second: Int) {
    for (name, user) in users where user.session.ends <= second {
      served &+= user.log.count
      users[name] = nil
    }
    if second >= 3000, second % 60 == 0, !pages.isEmpty {
      pages.removeLast(min(pages.count, 200))
      oldestPage = 0
    }
  }
}
