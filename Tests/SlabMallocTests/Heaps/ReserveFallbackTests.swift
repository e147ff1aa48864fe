import CSlabPort
import XCTest

@testable import SlabMalloc

/// What is reserved when the system refuses what was asked for.
final class ReserveFallbackTests: XCTestCase {
  private func pages(_ world: HeapWorld) -> [UInt] {
    (0..<world.runs.pointee.segmentCount).compactMap { world.runs.pointee.segments[$0]?.pointee.capacity }
  }

  private func gib(_ count: UInt) -> UInt { (count << 30) >> PageRun.pageShift }
  private func mib(_ count: UInt) -> UInt { (count << 20) >> PageRun.pageShift }

  /// A world whose system has no more than so much address space in one piece.
  private func world(limit: Int, reserve: UInt = 256 << 30, pageSize: Int = 4096) -> HeapWorld {
    HeapWorld(pageSize: pageSize, reserve: reserve) { call, _, bytes in call == .reserve && bytes > limit }
  }

  func testTheFirstReserveIsAsLargeAsTheSystemAllows() {
    let spare = 1 << 30
    for (limit, expected) in [(300 << 30, gib(256)), (64 << 30 + spare, gib(64)), (16 << 30 + spare, gib(16))] {
      let world = world(limit: limit)
      XCTAssertNotNil(world.takeHeap())
      XCTAssertEqual(pages(world), [expected], "limit \(limit)")
      world.finish()
    }
  }

  func testBelowThatThereArePieces() {
    for size: UInt in [64, 32, 16, 8, 4] {
      let world = world(limit: Int(size << 20) + (3 << 20))
      let heap = world.thread()
      XCTAssertEqual(pages(world), [mib(size)], "\(size) MiB")
      // Enough for the objects of several pieces.
      let count = Int(3 * size << 20) / 131_072
      let live = world.allocate(count, of: 131_072, from: heap)
      XCTAssertEqual(Set(live).count, count)
      XCTAssertFalse(live.contains(0), "\(size) MiB")
      XCTAssertGreaterThan(pages(world).count, 2)
      XCTAssertEqual(Set(pages(world)), [mib(size)])
      world.check("\(size) MiB")
      world.free(live, by: heap)
      world.finish()
    }
  }

  func testPiecesWithoutTrying() {
    let world = HeapWorld(reserve: 0)
    let heap = world.thread()
    XCTAssertEqual(pages(world), [mib(4)])
    XCTAssertEqual(HeapSystem.current.count(.reserve), 1)
    world.free(world.allocate(1, of: 100, from: heap), by: heap)
    world.finish()
  }

  func testNoAddressSpaceAtAll() {
    let world = world(limit: 0)
    XCTAssertNil(world.takeHeap())
    XCTAssertEqual(world.runs.pointee.segmentCount, 0)
    HeapSystem.current.fails = { _, _, _ in false }
    XCTAssertNotNil(world.takeHeap())
    world.finish()
  }

  /// Less than a piece: what is served then must not be in the way later.
  func testNoAddressSpaceForAPiece() {
    let world = world(limit: 100 << 10)
    XCTAssertNil(world.takeHeap())
    world.check("no piece:")
    HeapSystem.current.fails = { _, _, _ in false }
    let heap = world.thread()
    let live = world.allocate(1000, of: 1000, from: heap)
    world.check("a place:")
    XCTAssertFalse(live.contains(0))
    world.free(live, by: heap)
    world.finish()
  }

  /// The least that a first object takes: its heap, its slab, and that one's marks.
  func testTheFirstObjectTakesFewPages() {
    for profile in [Profile.checked, .hardened] {
      var left = profile == .hardened ? 640 << 10 : 512 << 10
      let world = HeapWorld(reserve: 256 << 30, profile: profile)
      HeapSystem.current.fails = { call, _, bytes in
        guard call == .map, profile == .checked || bytes < 4 << 20 else { return call == .map }
        if bytes > left { return true }
        left -= bytes
        return false
      }
      let heap = world.thread()
      XCTAssertNotNil(heap.allocate(100))
      world.check()
    }
  }

  /// Another mapping has come to lie behind the first segment: the next segment goes on.
  func testASegmentThatCannotGrowIsFull() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let heap = world.thread()
      var live = world.allocate(1000, of: 10_000, from: heap)
      let limit = world.runs.pointee.segments[0]!.pointee.limit
      HeapSystem.current.isTaken = { $0.upperBound > limit + 10 << 20 }
      live += world.allocate(5000, of: 10_000, from: heap)
      XCTAssertFalse(live.contains(0))
      world.check()
      let first = world.runs.pointee.segments[0]!
      XCTAssertLessThanOrEqual(first.pointee.limit, limit + 10 << 20)
      XCTAssertEqual(first.pagesLeft, 0)
      XCTAssertGreaterThan(pages(world).count, 1)
      XCTAssertTrue(first.contains(live[0]))
      XCTAssertFalse(first.contains(live.last!))
      world.free(live, by: heap)
      world.finish()
    }
  }

  /// Also if it is in the way of the table.
  func testASegmentWhoseTableCannotGrowIsFull() {
    let world = HeapWorld()
    let heap = world.thread()
    let table = world.runs.pointee.segments[0]!.pointee.tableLimit
    HeapSystem.current.isTaken = { $0.lowerBound == table }
    let live = world.allocate(5000, of: 10_000, from: heap)
    XCTAssertFalse(live.contains(0))
    XCTAssertEqual(world.runs.pointee.segments[0]!.pagesLeft, 0)
    world.check()
    world.free(live, by: heap)
    world.finish()
  }

  /// When there is no memory, more address space doesn't help.
  func testRefusedMemoryDoesNotUseUpReserves() {
    let world = HeapWorld()
    let heap = world.thread()
    HeapSystem.current.fails = { call, _, bytes in (call == .commit || call == .map) && bytes >= 1 << 20 }
    for _ in 0..<300 { XCTAssertNil(heap.allocate(8 << 20)) }
    HeapSystem.current.fails = { _, _, _ in false }
    XCTAssertLessThanOrEqual(HeapSystem.current.reserved, 2)
    let large = UInt(bitPattern: heap.allocate(1 << 30))
    XCTAssertNotEqual(large, 0)
    world.free([large], by: heap)
    world.finish()
  }

  /// Sizes from what no reserve has to what no address space has: each is refused, and nothing happens.
  func testImpossibleSizes() {
    let world = HeapWorld()
    let heap = world.thread()
    let held = world.pages.held
    for shift in 40..<64 {
      // The fake system would give 2^40 bytes of address space.
      HeapSystem.current.fails = { _, _, bytes in bytes >= 1 << 36 }
      XCTAssertNil(heap.allocate(1 << shift), "2^\(shift) bytes")
      XCTAssertEqual(heap.allocate(1, alignment: 1 << shift), 0, "at 2^\(shift)")
      XCTAssertEqual(slm_port_errno(), slm_port_no_memory())
    }
    XCTAssertNil(heap.allocate(.max))
    XCTAssertNil(heap.allocate(UInt(Int.max)))
    XCTAssertEqual(world.pages.held, held)
    world.finish()
  }

  /// Address space that is cut up into free pieces becomes one piece again, if that is what it takes.
  func testFreePiecesMakeRoomForALargeObject() {
    var left = 60 << 20
    let world = HeapWorld(reserve: 0)
    HeapSystem.current.fails = { call, _, bytes in
      guard call == .reserve else { return false }
      if bytes > left { return true }
      left -= bytes
      return false
    }
    let heap = world.thread()
    let live = world.allocate(350, of: 131_072, from: heap)
    XCTAssertFalse(live.contains(0))
    XCTAssertGreaterThan(HeapSystem.current.reserved, 2, "pieces of 32, 16 and 8 MiB")
    let before = HeapSystem.current.reservedBytes
    world.free(live, by: heap)
    left = 0
    XCTAssertNil(heap.allocate(40 << 20))
    world.check()
    XCTAssertLessThan(HeapSystem.current.reservedBytes, before - 16 << 20, "free pieces were given back")
    left = 100 << 20
    let large = UInt(bitPattern: heap.allocate(40 << 20))
    XCTAssertNotEqual(large, 0)
    world.check()
    world.free([large], by: heap)
    world.finish()
  }
}
