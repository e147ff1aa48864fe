/// The calls of a profile as a tree: each node is a function, called by the one that it hangs below.
final class SampleTree {
  let name: String
  private(set) var amount = SampleProfile.Amount()
  private(set) var callees: [String: SampleTree] = [:]

  init(_ name: String) { self.name = name }

  /// - Parameter calls: names, the outermost first.
  func add(_ calls: [String], _ amount: SampleProfile.Amount) {
    var node = self
    node.amount += amount
    for call in calls {
      let callee = node.callees[call] ?? SampleTree(call)
      node.callees[call] = callee
      callee.amount += amount
      node = callee
    }
  }

  var sorted: [SampleTree] { callees.values.sorted { ($0.amount.bytes, $1.name) > ($1.amount.bytes, $0.name) } }
}

/// What each function of a profile has by itself, and with all that it calls.
struct SampleList {
  struct Row {
    let name: String
    var own = SampleProfile.Amount()
    var all = SampleProfile.Amount()
  }

  private(set) var rows: [Row] = []
  private(set) var total = SampleProfile.Amount()
  private var places: [String: Int] = [:]

  /// - Parameter calls: names, the innermost first.
  mutating func add(_ calls: [String], _ amount: SampleProfile.Amount) {
    total += amount
    for (depth, name) in calls.enumerated() {
      let place = places[name] ?? rows.count
      if place == rows.count {
        places[name] = place
        rows.append(Row(name: name))
      }
      if depth == 0 { rows[place].own += amount }
      // A function that calls itself counts once.
      if !calls[..<depth].contains(name) { rows[place].all += amount }
    }
  }

  var sorted: [Row] { rows.sorted { ($0.own.bytes, $0.all.bytes, $1.name) > ($1.own.bytes, $1.all.bytes, $0.name) } }
}
