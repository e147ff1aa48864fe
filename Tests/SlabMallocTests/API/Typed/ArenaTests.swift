import SlabMalloc
import XCTest

/// An arena's memory is freed at once, and its values end with their boxes.
final class ArenaTests: XCTestCase {
  func testObjectsLieSideBySide() throws {
    let arena = try Arena()
    let first = unsafe try arena.make(UInt64(1))
    let second = unsafe try arena.make(UInt64(2))
    XCTAssertEqual(UInt(bitPattern: second) - UInt(bitPattern: first), 8)
    XCTAssertEqual(unsafe first.pointee, 1)
  }

  func testALatestObjectGivesItsMemoryBack() throws {
    let log = Tracked.Log()
    let arena = try Arena()
    func place() throws -> UInt {
      let box = try arena.box(Tracked(1, log))
      return unsafe UInt(bitPattern: box.address)
    }
    XCTAssertEqual(try place(), try place())
    XCTAssertEqual(log.ended, [1, 1])
  }

  func testAResetKeepsTheLargestChunk() throws {
    let counter = try CountingSource.with { source in
      var arena = try ArenaIn(in: source)
      for round in 0..<5 {
        for _ in 0..<1000 { _ = unsafe try arena.make(InlineArray<16, UInt64>(repeating: 5)) }
        let held = arena.statistics.bytesHeld
        arena.reset()
        XCTAssertLessThan(arena.statistics.bytesHeld, held + 1, "round \(round)")
        XCTAssertGreaterThan(arena.statistics.bytesHeld, 64 << 10)
      }
    }
    XCTAssertLessThan(counter.allocations, 9, "later rounds are served from the chunk that stayed")
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
  }

  /// A chunk of just enough bytes, after a larger one was refused, is the latest and not the largest.
  func testAResetKeepsTheLargestChunkThatIsNotTheLatest() throws {
    for (firstChunk, refused) in [(4096, 3), (64 << 10, 2)] {
      let counter = try CountingSource.with(refusing: refused) { source in
        var arena = try ArenaIn(in: source, firstChunk: firstChunk)
        func fill(_ size: Int) throws { _ = unsafe try arena.allocate(Layout(size: size, alignment: 8)) }
        try fill(60_000)
        let held = arena.statistics.bytesHeld
        try fill(10_000)
        XCTAssertGreaterThan(arena.statistics.bytesHeld, held)
        arena.reset()
        XCTAssertEqual(arena.statistics.bytesHeld, held)
        try fill(60_000)
        XCTAssertEqual(arena.statistics.bytesHeld, held, "the chunk that stayed serves it")
      }
      XCTAssertEqual(counter.allocations, refused + 1)
      XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
    }
  }

  func testAlignmentsAndSizes() throws {
    let counter = try CountingSource.with { source in
      let arena = try ArenaIn(in: source, firstChunk: 256)
      for alignment in [1, 8, 16, 64, 4096] {
        for size in [0, 1, 100, 5000, 100_000] {
          let memory = unsafe try arena.allocate(Layout(size: size, alignment: alignment))
          XCTAssertEqual(UInt(bitPattern: memory) % UInt(alignment), 0)
          memory.initializeMemory(as: UInt8.self, repeating: 1, count: size)
        }
      }
    }
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
  }

  func testImpossibleLayoutsAreInvalid() throws {
    let arena = try Arena()
    for layout in [
      Layout(size: -1, alignment: 8), Layout(size: Int.max, alignment: 8), Layout(size: 8, alignment: 3),
      Layout(size: 8, alignment: 0), Layout(size: 1, alignment: Int.min),
    ] {
      XCTAssertEqual(
        errorOf { () throws(AllocationError) in _ = unsafe try arena.allocate(layout) }, .invalidLayout, "\(layout)")
    }
    XCTAssertEqual(
      errorOf { () throws(AllocationError) in _ = unsafe try arena.allocate(Layout(size: 1 << 60, alignment: 8)) },
      .outOfMemory)
    XCTAssertEqual(errorOf { () throws(AllocationError) in _ = try Arena(firstChunk: 255) }, .invalidArgument)
    XCTAssertNoThrow(unsafe try arena.allocate(Layout(size: 8, alignment: 8)))
  }

  func testAChunkThatIsRefusedIsTriedSmaller() throws {
    _ = try CountingSource.with(refusing: 2) { source in
      let arena = try ArenaIn(in: source, firstChunk: 4096)
      let memory = unsafe try arena.allocate(Layout(size: 4096, alignment: 8))
      memory.initializeMemory(as: UInt8.self, repeating: 1, count: 4096)
      XCTAssertLessThan(arena.statistics.bytesHeld, 4096 + 4096 + 100)
    }
  }

  func testABufferGrowsInPlace() throws {
    let arena = try Arena()
    var buffer = try arena.buffer(repeating: UInt32(1), count: 4)
    let held = arena.statistics.bytesLive
    try buffer.resize(to: 8, repeating: 2)
    XCTAssertEqual(buffer[3], 1)
    XCTAssertEqual(buffer[7], 2)
    XCTAssertEqual(arena.statistics.bytesLive, held + 16)
  }
}
