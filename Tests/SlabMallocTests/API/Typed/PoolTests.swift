import XCTest

@testable import SlabMalloc

/// A pool's values have fixed addresses, and handles that know whether theirs is still there.
final class PoolTests: XCTestCase {
  func testAHandleLeadsToItsValue() throws {
    var pool = Pool<Int>()
    let handles = try (0..<10_000).map { try pool.insert($0) }
    XCTAssertEqual(pool.count, 10_000)
    for (number, handle) in handles.enumerated() { XCTAssertEqual(pool[handle], number) }
    pool[handles[5]] += 1
    XCTAssertEqual(pool[handles[5]], 6)
    XCTAssertEqual(Set(handles).count, 10_000)
    XCTAssertEqual(try pool.remove(handles[5]), 6)
    XCTAssertEqual(pool.count, 9_999)
  }

  func testAnOptionalHandleHasTheSizeOfAHandle() {
    XCTAssertEqual(MemoryLayout<Pool<Int>.Handle>.size, 8)
    XCTAssertEqual(MemoryLayout<Pool<Int>.Handle?>.size, 8)
  }

  func testAddressesAreFixed() throws {
    var pool = Pool<Int>()
    let first = try pool.insert(1)
    let address = unsafe pool.address(of: first)
    for number in 0..<50_000 { try pool.insert(number) }
    XCTAssertEqual(unsafe address, unsafe pool.address(of: first))
  }

  func testAStaleHandleIsDetectedAlsoAfterItsSlotIsUsedAgain() throws {
    var pool = Pool<Int>()
    let old = try pool.insert(1)
    try pool.remove(old)
    XCTAssertFalse(pool.contains(old))
    XCTAssertEqual(errorOf { () throws(AllocationError) in try pool.remove(old) }, .doubleFree)
    let new = try pool.insert(2)
    XCTAssertNotEqual(old, new)
    XCTAssertFalse(pool.contains(old))
    XCTAssertEqual(errorOf { () throws(AllocationError) in try pool.remove(old) }, .doubleFree)
    XCTAssertEqual(pool[new], 2)
  }

  func testAHandleOfALargerPoolIsForeign() throws {
    var large = Pool<Int>()
    var last = try large.insert(0)
    for number in 1..<5000 { last = try large.insert(number) }
    var small = Pool<Int>()
    XCTAssertFalse(small.contains(last))
    XCTAssertEqual(errorOf { () throws(AllocationError) in try small.remove(last) }, .foreignPointer)
    try small.insert(1)
    XCTAssertEqual(errorOf { () throws(AllocationError) in try small.release(last) }, .foreignPointer)
  }

  func testAPoolThatEndsEndsItsValues() throws {
    let log = Tracked.Log()
    let counter = try CountingSource.with { source in
      var pool = PoolIn<Tracked, CountingSource>(in: source)
      let handles = try (0..<4).map { try pool.insert(Tracked($0, log)) }
      try pool.remove(handles[1])
      try pool.release(handles[2])
      XCTAssertEqual(log.ended, [1])
    }
    XCTAssertEqual(Set(log.ended), [0, 1, 2, 3])
    XCTAssertEqual(log.ended.count, 4)
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
  }

  func testAnAbandonedPoolLeavesItsValues() throws {
    let log = Tracked.Log()
    let counter = try CountingSource.with { source in
      var pool = PoolIn<Tracked, CountingSource>(in: source)
      let handle = try pool.insert(Tracked(1, log))
      try pool.release(pool.insert(Tracked(2, log)))
      _ = handle
      pool.abandon()
    }
    XCTAssertEqual(log.ended, [])
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
  }

  /// A value whose deinitializer removes others of its pool: it ends when the pool is no longer being changed.
  func testAValueThatEndsRemovesOthers() throws {
    final class Graph {
      struct Node: ~Copyable {
        unowned let graph: Graph
        var next: Pool<Node>.Handle?
        deinit {
          graph.ended += 1
          if let next { _ = try! graph.nodes.remove(next) }
        }
      }
      var nodes = Pool<Node>()
      var ended = 0
    }
    let graph = Graph()
    var head: Pool<Graph.Node>.Handle?
    for _ in 0..<1000 { head = try graph.nodes.insert(Graph.Node(graph: graph, next: head)) }
    _ = try graph.nodes.remove(head!)
    XCTAssertEqual(graph.ended, 1000)
    XCTAssertTrue(graph.nodes.isEmpty)
  }

  /// Handles own nothing, so a cycle of them keeps nothing alive.
  func testACycleEndsWithItsPool() throws {
    struct Node: ~Copyable {
      let value: Tracked
      var other: Pool<Node>.Handle?
    }
    let log = Tracked.Log()
    do {
      var pool = Pool<Node>()
      let first = try pool.insert(Node(value: Tracked(1, log), other: nil))
      let second = try pool.insert(Node(value: Tracked(2, log), other: first))
      pool[first].other = second
      XCTAssertEqual(pool[pool[second].other!].value.number, 1)
    }
    XCTAssertEqual(log.ended, [1, 2])
  }

  func testAReservedPoolDoesNotAllocate() throws {
    let counter = try CountingSource.with { source in
      var pool = PoolIn<Int, CountingSource>(in: source)
      try pool.reserveCapacity(5000)
      XCTAssertGreaterThanOrEqual(pool.capacity, 5000)
      let memory = pool.capacity
      for number in 0..<5000 { try pool.insert(number) }
      XCTAssertEqual(pool.capacity, memory)
    }
    var failing = counter.allocations
    // The same with a source that refuses everything after the reservation.
    _ = try CountingSource.with(refusing: failing + 1) { source in
      var pool = PoolIn<Int, CountingSource>(in: source)
      try pool.reserveCapacity(5000)
      for number in 0..<5000 { try pool.insert(number) }
      for _ in 0..<pool.capacity - 5000 { try pool.insert(0) }
      XCTAssertEqual(errorOf { () throws(AllocationError) in try pool.insert(0) }, .outOfMemory)
      XCTAssertEqual(pool.count, pool.capacity, "nothing changed")
      XCTAssertNoThrow(try pool.insert(0))
      failing = 0
    }
    XCTAssertEqual(failing, 0)
  }

  func testImpossibleCapacitiesAreInvalid() {
    var pool = Pool<Int>()
    for count in [-1, Int.max, Int(UInt32.max)] {
      XCTAssertEqual(errorOf { () throws(AllocationError) in try pool.reserveCapacity(count) }, .invalidLayout)
    }
    XCTAssertEqual(pool.capacity, 0)
  }

  func testAReleasedValueIsReusedAsItWas() throws {
    let log = Tracked.Log()
    var made = 0
    var pool = Pool<Tracked>()
    for round in 0..<5 {
      var handles: [Pool<Tracked>.Handle] = []
      for _ in 0..<3 {
        if let handle = pool.reuse() {
          handles.append(handle)
        } else {
          handles.append(try pool.insert(Tracked(made, log)))
          made += 1
        }
      }
      XCTAssertEqual(Set(handles.map { pool[$0].number }), [0, 1, 2], "round \(round)")
      for handle in handles { try pool.release(handle) }
      XCTAssertEqual(errorOf { () throws(AllocationError) in try pool.release(handles[0]) }, .doubleFree)
      XCTAssertFalse(pool.contains(handles[0]))
    }
    XCTAssertEqual(made, 3)
    XCTAssertEqual(log.ended, [])
    pool.endReleased()
    XCTAssertEqual(log.ended.count, 3)
    XCTAssertNil(pool.reuse())
  }

  func testVisitsToLiveValues() throws {
    var pool = Pool<Int>()
    let handles = try (0..<3000).map { try pool.insert($0) }
    for handle in handles where pool[handle] % 3 != 0 { try pool.remove(handle) }
    XCTAssertEqual(pool.copies(), Array(stride(from: 0, to: 3000, by: 3)))
    var sum = 0
    pool.forEach { sum += $1 + (pool.contains($0) ? 1 : 0) }
    XCTAssertEqual(sum, stride(from: 0, to: 3000, by: 3).reduce(0, +) + 1000)

    var next = pool.first
    var met = 0
    while let handle = next {
      next = pool.handle(after: handle)
      XCTAssertEqual(try pool.remove(handle), met * 3)
      met += 1
    }
    XCTAssertEqual(met, 1000)
    XCTAssertNil(pool.first)
    XCTAssertNil(pool.handle(after: handles[2999]))
  }

  func testRemoveAllWhere() throws {
    let log = Tracked.Log()
    var pool = Pool<Tracked>()
    let handles = try (0..<10).map { try pool.insert(Tracked($0, log)) }
    XCTAssertEqual(pool.removeAll { $0.number % 2 == 0 }, 5)
    XCTAssertEqual(log.ended, [0, 2, 4, 6, 8])
    XCTAssertTrue(pool.contains(handles[1]))
    XCTAssertFalse(pool.contains(handles[2]))
  }

  /// Handles from before stay stale, also when the pool's memory went back and came again.
  func testRemoveAllKeepsHandlesStale() throws {
    for keepsCapacity in [true, false] {
      let counter = try CountingSource.with { source in
        var pool = PoolIn<Int, CountingSource>(in: source)
        var old: Set<PoolIn<Int, CountingSource>.Handle> = []
        for round in 0..<4 {
          for number in 0..<2000 {
            let handle = try pool.insert(number)
            XCTAssertTrue(old.insert(handle).inserted, "round \(round)")
          }
          try pool.release(pool.insert(1))
          pool.removeAll(keepingCapacity: keepsCapacity)
          XCTAssertTrue(pool.isEmpty)
          XCTAssertEqual(pool.capacity > 0, keepsCapacity)
          XCTAssertFalse(old.contains { pool.contains($0) })
          XCTAssertNil(pool.reuse())
        }
      }
      XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
    }
  }

  /// A slot whose generation would start again is used no more, so that no handle of it ever fits again.
  func testASlotRetiresBeforeItsGenerationStartsAgain() throws {
    let log = Tracked.Log()
    var pool = Pool<Tracked>()
    pool.firstGeneration = UInt32.max - 1
    let handles = try (0..<3).map { try pool.insert(Tracked($0, log)) }
    let capacity = pool.capacity
    try pool.remove(handles[0])
    try pool.release(handles[1])
    XCTAssertEqual(log.ended, [0, 1], "a value whose slot retires is not kept for reuse")
    XCTAssertNil(pool.reuse())
    XCTAssertEqual(pool.capacity, capacity - 2)
    XCTAssertFalse(pool.contains(handles[0]) || pool.contains(handles[1]))
    XCTAssertEqual(pool[handles[2]].number, 2)
    let next = try pool.insert(Tracked(3, log))
    XCTAssertFalse(handles.contains(next))
    XCTAssertEqual(pool.count, 2)
    pool.removeAll()
    XCTAssertFalse(pool.contains(next))
  }

  /// Slots that were never used take the place of those that retired, also when everything was removed in between: no
  /// round gives a handle that an earlier one gave.
  func testHandlesOfRetiredSlotsStayStaleAfterRemoveAll() throws {
    for first in [UInt32.max - 1, UInt32.max - 5] {
      let counter = try CountingSource.with { source in
        var pool = PoolIn<Int, CountingSource>(in: source)
        pool.firstGeneration = first
        var old: Set<PoolIn<Int, CountingSource>.Handle> = []
        for round in 0..<5 {
          for number in 0..<2000 {
            let handle = try pool.insert(number)
            XCTAssertTrue(old.insert(handle).inserted, "round \(round)")
            if number % 2 == 0 { try pool.remove(handle) }
          }
          XCTAssertEqual(old.count { pool.contains($0) }, pool.count, "round \(round)")
          pool.removeAll()
          XCTAssertTrue(pool.isEmpty)
          XCTAssertFalse(old.contains { pool.contains($0) }, "round \(round)")
        }
      }
      XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
    }
  }

  /// The pool had the slot of the handle, also when its memory went back.
  func testAHandleFromBeforeRemoveAllIsADoubleFree() throws {
    for keepsCapacity in [true, false] {
      var pool = Pool<Int>()
      var last = try pool.insert(0)
      for number in 1..<5000 { last = try pool.insert(number) }
      for _ in 0..<2 {
        pool.removeAll(keepingCapacity: keepsCapacity)
        XCTAssertEqual(errorOf { () throws(AllocationError) in try pool.remove(last) }, .doubleFree)
        XCTAssertEqual(errorOf { () throws(AllocationError) in try pool.release(last) }, .doubleFree)
        try pool.insert(1)
        XCTAssertEqual(errorOf { () throws(AllocationError) in try pool.remove(last) }, .doubleFree)
      }
    }
  }

  func testValuesOfAllLayouts() throws {
    struct Empty {}
    struct Large {
      var words: InlineArray<4000, UInt64> = InlineArray(repeating: 3)
    }
    func check<Value>(_ value: Value, alignment: Int) throws {
      let counter = try CountingSource.with { source in
        var pool = PoolIn<Value, CountingSource>(in: source)
        let handles = try (0..<100).map { _ in try pool.insert(value) }
        var addresses: Set<UInt> = []
        for handle in handles {
          let address = unsafe UInt(bitPattern: pool.address(of: handle))
          XCTAssertEqual(address % UInt(alignment), 0)
          XCTAssertTrue(addresses.insert(address).inserted)
        }
        for handle in handles.reversed() { try pool.remove(handle) }
        for handle in handles { XCTAssertFalse(pool.contains(handle)) }
      }
      XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
    }
    try check(UInt8(1), alignment: 1)
    try check(Vectors(), alignment: 16)
    try check((UInt64(1), UInt8(2)), alignment: 8)
    try check(SIMD2<UInt64>(1, 2), alignment: 16)
    try check(Large(), alignment: 8)
    try check(Empty(), alignment: 1)
    try check("a string that is too long to be stored in its own value", alignment: 8)
  }
}
