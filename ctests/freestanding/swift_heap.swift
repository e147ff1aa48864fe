// What an Embedded Swift program does with memory: classes, arrays, strings, closures, existentials; dictionaries and
// text of numbers where the target has what these need of a compiler's run-time library.

protocol Shape: AnyObject {
  var area: Int { get }
}

final class Square: Shape {
  let side: Int
  init(side: Int) { self.side = side }
  var area: Int { side * side }
}

final class Node {
  let name: String
  let next: Node?
  init(_ name: String, next: Node?) {
    self.name = name
    self.next = next
  }
}

/// Everything is freed when it returns.
@_cdecl("swift_work") public func work(_ count: Int) -> Int {
  var list: Node? = nil
  for _ in 0..<count { list = Node(String(repeating: "name of a node, not a small string ", count: 2), next: list) }
  var total = 0
  while let node = list {
    total += node.name.utf8.count
    list = node.next
  }
  let shapes: [any Shape] = (0..<count).map { Square(side: $0) }
  let areas = shapes.map { shape in { shape.area } }
  for area in areas { total += area() }
  var growing: [Int] = []
  for number in 0..<10 * count { growing.append(number) }
  total += growing.count
  let raw = UnsafeMutableRawPointer.allocate(byteCount: 1000, alignment: 256)
  total += Int(bitPattern: raw) % 256
  raw.deallocate()
  #if DICTIONARIES
    var names: [Int: String] = [:]
    for number in 0..<count { names[number] = "\(number) and some more text" }
    total += names.count - count
    total += (names[7]?.utf8.count ?? 0) - 20
  #endif
  return total
}

nonisolated(unsafe) private var kept: Node?

/// One object and its string stay until `swift_drop`.
@_cdecl("swift_keep") public func keep() { kept = Node(String(repeating: "kept ", count: 10), next: nil) }
@_cdecl("swift_drop") public func drop() { kept = nil }
