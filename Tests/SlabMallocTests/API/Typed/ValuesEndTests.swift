import Dispatch
import SlabMalloc
import Synchronization
import XCTest

private let sharedZone = try! Zone.Shared(provider: .mmap)

/// A value in a container ends exactly once, whoever ends it and in whatever order.
final class ValuesEndTests: XCTestCase {
  /// The numbers of the values that ended, on any thread.
  private final class Ended: Sendable {
    private let list = Mutex<[Int]>([])
    func add(_ number: Int) { list.withLock { $0.append(number) } }
    var numbers: [Int] { list.withLock { $0.sorted() } }
  }

  private struct Counted: ~Copyable, Sendable {
    let number: Int
    let ended: Ended
    deinit { ended.add(number) }
  }

  /// An instance that owns a box. Whoever drops the last reference ends the value.
  private final class Owner: Sendable {
    let box: Box<Counted>
    init(_ value: consuming Counted) throws { box = try Box(value) }
  }

  /// A box that another thread drops. Tasks take turns: no two use one at the same time.
  private final class Place: @unchecked Sendable {
    var box: Box<Counted>?
    init(_ value: consuming Counted) throws { box = try Box(value) }
  }

  private final class Instance {}

  /// Nodes that name each other in a ring, each of which removes both neighbours when it ends.
  func testARingOfValuesThatRemoveEachOther() throws {
    final class Ring {
      struct Node: ~Copyable {
        let number: Int
        unowned let ring: Ring
        var neighbours: (Pool<Node>.Handle?, Pool<Node>.Handle?) = (nil, nil)
        deinit {
          ring.ended.append(number)
          for case let other? in [neighbours.0, neighbours.1] where ring.nodes.contains(other) {
            _ = try! ring.nodes.remove(other)
          }
        }
      }
      var nodes = Pool<Node>()
      var ended: [Int] = []
    }
    let ring = Ring()
    let handles = try (0..<200).map { try ring.nodes.insert(Ring.Node(number: $0, ring: ring)) }
    for index in handles.indices {
      ring.nodes[handles[index]].neighbours = (handles[(index + 1) % 200], handles[(index + 199) % 200])
    }
    _ = try ring.nodes.remove(handles[77])
    XCTAssertEqual(ring.ended.sorted(), Array(0..<200))
    XCTAssertTrue(ring.nodes.isEmpty)
    XCTAssertFalse(handles.contains { ring.nodes.contains($0) })
  }

  func testBoxesAreDroppedByTwoThreads() throws {
    let ended = Ended()
    let places = try (0..<4000).map { try Place(Counted(number: $0, ended: ended)) }
    XCTAssertEqual(ended.numbers, [])
    DispatchQueue.concurrentPerform(iterations: 2) { thread in
      for index in stride(from: thread, to: places.count, by: 2) { places[index].box = nil }
    }
    XCTAssertEqual(ended.numbers, Array(0..<4000))
  }

  /// Both threads drop their reference to each owner. The one that drops the last ends the value.
  func testTheLastOfTwoThreadsEndsTheValue() throws {
    let ended = Ended()
    let owners = Mutex<[[Owner]]>([])
    do {
      let made = try (0..<4000).map { try Owner(Counted(number: $0, ended: ended)) }
      owners.withLock { $0 = [made, made.map(\.self)] }
    }
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      var mine = owners.withLock { $0.removeLast() }
      while let owner = mine.popLast() { XCTAssertEqual(owner.box.value.number, mine.count) }
    }
    XCTAssertEqual(ended.numbers, Array(0..<4000))
  }

  func testBoxesOfASharedZoneEndOnTheirThreads() {
    let ended = Ended()
    DispatchQueue.concurrentPerform(iterations: 2) { thread in
      for index in 0..<2000 {
        let box = try! sharedZone.box(Counted(number: index * 2 + thread, ended: ended))
        XCTAssertEqual(box.value.number, index * 2 + thread)
      }
    }
    XCTAssertEqual(ended.numbers, Array(0..<4000))
    XCTAssertEqual(sharedZone.statistics.objects, 0)
  }

  /// A batch of insertions whose chunk is refused in the middle: the refused value ends, the others stay until the end.
  func testARefusalInTheMiddleOfABatch() {
    let log = Tracked.Log()
    var inserted = 0
    // The table and the first chunk are granted.
    let counter = CountingSource.with(refusing: 3) { source in
      var pool = PoolIn<Tracked, CountingSource>(in: source)
      let error = errorOf { () throws(AllocationError) in
        while inserted < 100_000 {
          try pool.insert(Tracked(inserted, log))
          inserted += 1
        }
      }
      XCTAssertEqual(error, .outOfMemory)
      XCTAssertGreaterThan(inserted, 1)
      XCTAssertEqual(log.ended, [inserted])
      XCTAssertEqual(pool.count, inserted)
    }
    XCTAssertEqual(log.ended.sorted(), Array(0...inserted))
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
  }

  /// A visit that throws, and a batch of removals that throws: what was not removed is as it was.
  func testAThrowInTheMiddleOfVisitsAndRemovals() throws {
    struct Refusal: Error {}
    let log = Tracked.Log()
    do {
      var pool = Pool<Tracked>()
      let handles = try (0..<10).map { try pool.insert(Tracked($0, log)) }
      var visited = 0
      XCTAssertThrowsError(
        try pool.forEach { _, value in
          if value.number == 4 { throw Refusal() }
          visited += 1
        })
      XCTAssertEqual(visited, 4)
      XCTAssertEqual(pool.count, 10)
      XCTAssertEqual(log.ended, [])

      try pool.remove(handles[6])
      let error = errorOf { () throws(AllocationError) in for handle in handles { try pool.remove(handle) } }
      XCTAssertEqual(error, .doubleFree)
      XCTAssertEqual(log.ended, [6, 0, 1, 2, 3, 4, 5])
      XCTAssertEqual(pool.count, 3)
    }
    XCTAssertEqual(log.ended.sorted(), Array(0..<10))
  }

  /// Live values and released ones hold references: both are dropped with the pool.
  func testAPoolThatEndsDropsReferences() throws {
    weak var live: Instance?
    weak var released: Instance?
    do {
      var pool = Pool<Instance>()
      let (one, two) = (Instance(), Instance())
      (live, released) = (one, two)
      try pool.insert(one)
      try pool.release(pool.insert(two))
    }
    XCTAssertNil(live)
    XCTAssertNil(released)
  }

  func testAPoolThatIsEmptiedDropsReferences() throws {
    for keepsCapacity in [true, false] {
      var pool = Pool<Instance>()
      weak var instance: Instance?
      do {
        let made = Instance()
        instance = made
        try pool.insert(made)
      }
      XCTAssertNotNil(instance)
      pool.removeAll(keepingCapacity: keepsCapacity)
      XCTAssertNil(instance)
    }
  }
}
