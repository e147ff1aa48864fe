// The snippets of the article "Which type for what".
import SlabMalloc

// [box
/// A list whose nodes own their successors.
struct Node: ~Copyable {
  var name: String
  var next: Box<Node>?
}

func makeList() throws(AllocationError) -> Box<Node> {
  let tail = try Box(Node(name: "Vega"))
  return try Box(Node(name: "Sirius", next: tail))
}
// box]

// [buffer
func sumOfSquares(_ count: Int) throws(AllocationError) -> Int {
  var squares = try Buffer(count: count) { $0 * $0 }
  squares[0] = 1
  return sum(squares.span)
}

func sum(_ numbers: Span<Int>) -> Int {
  var sum = 0
  for index in numbers.indices { sum += numbers[index] }
  return sum
}
// buffer]

// [pool
/// A graph: vertices name each other by handles.
struct Vertex {
  var name: String
  var neighbours: [Pool<Vertex>.Handle] = []
}

func makeGraph() throws(AllocationError) {
  var graph = Pool<Vertex>()
  let sirius = try graph.insert(Vertex(name: "Sirius"))
  let vega = try graph.insert(Vertex(name: "Vega", neighbours: [sirius]))
  graph[sirius].neighbours.append(vega)  // a cycle, which nobody has to break

  try graph.remove(sirius)
  for neighbour in graph[vega].neighbours where !graph.contains(neighbour) {
    print("\(graph[vega].name) has lost a neighbour")
  }
}
// pool]

// [arena
/// Work in rounds: what a round allocates is freed at its end, at once.
func serve(_ requests: [Int]) throws(AllocationError) -> Int {
  var arena = try Arena()
  var answers = 0
  for request in requests {
    do {
      var scratch = try arena.buffer(repeating: request, count: 100)
      scratch[0] += 1
      answers += sum(scratch.span)
    }
    arena.reset()
  }
  return answers
}
// arena]

// [zone
/// Memory of its own: at most 1 MiB, all of which goes back when the zone ends.
func inAZone() throws(AllocationError) -> String {
  let zone = try Zone(provider: .mmap, hardLimit: 1 << 20)
  let star = try zone.box(Node(name: "Deneb"))
  let distances = try zone.buffer(repeating: 2_600.0, count: 10)
  return "\(star.value.name), \(distances[0]) light years: \(zone.statistics)"
}
// zone]

// [shared
/// For any thread, and global.
let sessions = try! Zone.Shared(provider: .mmap)
let numbers = try! SharedCache<Int>(provider: .mmap)
let requests = try! Heap()
// shared]

// [errors
func store(_ count: Int) -> String {
  do throws(AllocationError) {
    let zone = try Zone(provider: .mmap, hardLimit: 1 << 20)
    _ = try zone.buffer(repeating: 0, count: count)
    return "stored"
  } catch {
    switch error.reason {
    case .outOfMemory, .limit: return "try again with less: \(error)"
    default: return "a mistake: \(error)"
    }
  }
}
// errors]

// [source
/// A source of one's own: the process's heap, and a count of what is out.
struct Counted: MemorySource {
  nonisolated(unsafe) static var live = 0

  func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    let memory = try GlobalHeap().allocate(layout)
    Self.live += 1
    return memory
  }

  func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout) {
    Self.live -= 1
    GlobalHeap().deallocate(memory, layout)
  }
}

func count() throws(AllocationError) -> Int {
  let box = try BoxIn(1, in: Counted())
  return Counted.live + box.value
}
// source]

do throws(AllocationError) {
  let list = try makeList()
  print(list.value.name, try sumOfSquares(4))
  try makeGraph()
  print(try serve([1, 2, 3]))
  print(try inAZone())
  print(try sessions.box(1).value + numbers.box(2).value + requests.box(3).value)
  print(store(1000))
  print(store(1_000_000))
  print(store(-1))
  print(try count(), Counted.live)
} catch {
  print(error)
}
