// Trees, graphs, an LRU cache and a parser, over any store. Each returns a number that all stores agree on.

struct Random {
  var state: UInt64 = 4711
  mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(truncatingIfNeeded: state >> 33) % bound
  }
}

/// A binary search tree: insertions in random order, a search for each, and its end, leaves first.
func tree<S: Store & ~Copyable>(_ type: S.Type, _ count: Int) -> Int {
  var store = S()
  var random = Random()
  let root = store.make(1 << 29)
  for _ in 1..<count {
    let number = random.next(below: 1 << 30)
    var place = root
    while true {
      if number < store.number(place) {
        guard let next = store.left(place) else {
          store.setLeft(place, store.make(number))
          break
        }
        place = next
      } else {
        guard let next = store.right(place) else {
          store.setRight(place, store.make(number))
          break
        }
        place = next
      }
    }
  }
  var stack = [root]
  var sum = 0
  while let link = stack.popLast() {
    sum &+= store.number(link)
    if let left = store.left(link) { stack.append(left) }
    if let right = store.right(link) { stack.append(right) }
    store.end(link)
  }
  return sum
}

/// A graph with two links a node and cycles: walks along it, a tenth of the nodes replaced in each round.
func graph<S: Store & ~Copyable>(_ type: S.Type, _ count: Int) -> Int {
  var store = S()
  var random = Random()
  var nodes = (0..<count).map { store.make($0) }
  for index in nodes.indices {
    store.setOthers(nodes[index], nodes[random.next(below: count)], nodes[random.next(below: count)])
  }
  var sum = 0
  for round in 0..<5 {
    var place = nodes[random.next(below: count)]
    for step in 0..<count {
      sum &+= store.number(place)
      place = (step & 1 == 0 ? store.third(place) : store.fourth(place))!
    }
    // What led to the old node leads to the new one.
    for index in stride(from: round, to: count, by: 10) {
      let old = nodes[index]
      let new = store.make(store.number(old) &+ 1)
      for other in max(0, index - 2)..<index where store.third(nodes[other]) == old {
        store.setOthers(nodes[other], new, store.fourth(nodes[other]))
      }
      store.setOthers(new, nodes[random.next(below: count)], nodes[random.next(below: count)])
      nodes[index] = new
      // It is linked to by others, whom it names: it stays until the end.
      store.setLeft(new, old)
    }
  }
  for node in nodes {
    var next: S.Link? = node
    while let link = next {
      next = store.left(link)
      store.end(link)
    }
  }
  return sum
}

/// An LRU cache: hits move a node to the front, misses replace the last one.
func lru<S: Store & ~Copyable>(_ type: S.Type, _ count: Int) -> Int {
  var store = S()
  var random = Random()
  let capacity = count / 8
  var places: [Int: S.Link] = [:]
  let head = store.make(-1)
  store.setLeft(head, head)
  store.setRight(head, head)
  func insert(_ link: S.Link, _ store: inout S) {
    let first = store.right(head)!
    store.setLeft(link, head)
    store.setRight(link, first)
    store.setLeft(first, link)
    store.setRight(head, link)
  }
  func unlink(_ link: S.Link, _ store: inout S) {
    let (left, right) = (store.left(link)!, store.right(link)!)
    store.setRight(left, right)
    store.setLeft(right, left)
  }
  var hits = 0
  for _ in 0..<count * 4 {
    // Small numbers come more often.
    let key = min(random.next(below: count), random.next(below: count))
    if let link = places[key] {
      hits += 1
      unlink(link, &store)
      insert(link, &store)
      continue
    }
    if places.count == capacity {
      let last = store.left(head)!
      unlink(last, &store)
      places[store.number(last)] = nil
      store.end(last)
    }
    let link = store.make(key)
    places[key] = link
    insert(link, &store)
  }
  for link in places.values { store.end(link) }
  store.end(head)
  return hits
}

/// Parses expressions of numbers, + and * into trees of nodes, calculates them, and ends them.
func parser<S: Store & ~Copyable>(_ type: S.Type, _ count: Int) -> Int {
  var store = S()
  var random = Random()
  var text: [UInt8] = []
  for index in 0..<60 {
    if index > 0 { text.append(random.next(below: 2) == 0 ? UInt8(ascii: "+") : UInt8(ascii: "*")) }
    text.append(UInt8(ascii: "1") + UInt8(random.next(below: 9)))
  }
  // Operators are below 0.
  func product(_ at: inout Int, _ store: inout S) -> S.Link {
    var link = store.make(Int(text[at] - UInt8(ascii: "0")))
    at += 1
    while at < text.count, text[at] == UInt8(ascii: "*") {
      let right = store.make(Int(text[at + 1] - UInt8(ascii: "0")))
      at += 2
      let times = store.make(-2)
      store.setLeft(times, link)
      store.setRight(times, right)
      link = times
    }
    return link
  }
  func value(_ link: S.Link, _ store: inout S) -> Int {
    defer { store.end(link) }
    let number = store.number(link)
    guard number < 0 else { return number }
    let (left, right) = (value(store.left(link)!, &store), value(store.right(link)!, &store))
    return number == -1 ? left &+ right : (left &* right) % 1_000_003
  }
  var sum = 0
  for _ in 0..<count / 50 {
    var at = 0
    var link = product(&at, &store)
    while at < text.count {
      at += 1
      let right = product(&at, &store)
      let plus = store.make(-1)
      store.setLeft(plus, link)
      store.setRight(plus, right)
      link = plus
    }
    sum &+= value(link, &store)
  }
  return sum
}
