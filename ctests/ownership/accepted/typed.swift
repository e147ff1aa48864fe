// All of the typed interface, in Swift 6 mode with strict memory safety and warnings as errors, and no feature switched
// on. Nothing here is marked `unsafe`.
import SlabMalloc

let pages = PageProvider.mmap
let shared = try! Zone.Shared(provider: .mmap)
let values = try! SharedCache<Int>(provider: .mmap)
let heap = try! Heap()

struct Node: ~Copyable {
  var number: Int
  var next: Box<Node>?
  var other: Pool<Node>.Handle?
}

final class Owner: Sendable {
  let box: Box<Int>
  let buffer: Buffer<Int>
  init() throws(AllocationError) {
    box = try Box(1)
    buffer = try Buffer(repeating: 1, count: 3)
  }
}

actor Nodes {
  var pool = Pool<Node>()
  func add() throws(AllocationError) -> Pool<Node>.Handle { try pool.insert(Node(number: 1)) }
}

func boxes() throws(AllocationError) {
  var box = try Box(Node(number: 1))
  box.value.next = try Box(Node(number: 2))
  _ = box.replace(with: Node(number: 3)).number
  let zone = try Zone(provider: pages)
  var inZone = try zone.box(Node(number: 4))
  inZone.value.number += box.take().number
  print(inZone.value.number, try heap.box(5).value, try shared.box(6).value, try values.box(7).value)
}

func buffers() throws(AllocationError) {
  let zone = try Zone(provider: pages)
  var buffer = try zone.buffer(count: 3) { $0 * $0 }
  do {
    var span = buffer.mutableSpan
    span[0] = 9
  }
  buffer[1] = 8
  try buffer.resize(to: 4, repeating: 7)
  let copy = try Buffer(copying: buffer.span)
  print(buffer.span[0], copy[1], copy.span[2], copy[3])
  do throws(AllocationOr<Never>) {
    print(
      try zone.withTemporary(Int.self, capacity: 2) { output in
        output.append(6)
        return output.span[0]
      })
  } catch {
    print(error)
  }
}

func pools() throws(AllocationError) {
  var pool = try Pool<Node>(capacity: 10)
  let first = try pool.insert(Node(number: 1))
  let second = try pool.insert(Node(number: 2, other: first))
  pool[first].other = second
  pool[second].number += 1
  try pool.release(second)
  if let again = pool.reuse() { print(pool[again].number, pool.contains(second), pool.contains(first)) }
  pool.forEach { _, node in print(node.number) }
  do throws(AllocationError) { try pool.remove(second) } catch { print(error.name) }
}

func arenas() throws(AllocationError) {
  var arena = try Arena()
  for round in 0..<2 {
    do {
      let box = try arena.box(round)
      let buffer = try arena.buffer(repeating: 1, count: 2)
      print(box.value + buffer.count)
    }
    arena.reset()
  }
}

@main struct Program {
  static func main() async throws {
    try boxes()
    try buffers()
    try pools()
    try arenas()
    print(try Owner().box.value, await Nodes().pool.isEmpty)
  }
}
