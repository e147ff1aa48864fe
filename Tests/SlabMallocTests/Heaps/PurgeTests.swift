import XCTest

@testable import SlabMalloc

/// When memory that nothing uses goes back to the system.
final class PurgeTests: XCTestCase {
  private let size: UInt = 1 << 20
  private func dirty(_ world: HeapWorld) -> UInt { world.runs.dirtyBytes / size }
  private var purgeNumbers = 0
  private func purgeNumber() -> Int {
    purgeNumbers += 1
    return purgeNumbers
  }
  private var purges: Int { HeapSystem.current.count(.purge) }

  /// Frees every other object, so that they stay apart.
  private func freeEachSecond(_ live: inout [UInt], _ world: HeapWorld, by heap: HeapPointer) {
    for index in live.indices.reversed() where index % 2 == 1 { world.free([live.remove(at: index)], by: heap) }
  }

  func testNothingIsPurgedBeforeTheDelay() {
    let world = HeapWorld(purgeDelay: 100)
    let heap = world.thread()
    var live = world.allocate(8, of: size, from: heap)
    freeEachSecond(&live, world, by: heap)
    XCTAssertEqual(dirty(world), 4)
    for _ in 0..<99 {
      HeapSystem.current.now += 1
      world.runs.purgeIfDue()
    }
    XCTAssertEqual(dirty(world), 4)
    XCTAssertEqual(purges, 0)
    HeapSystem.current.now += 26
    world.runs.purgeIfDue()
    XCTAssertEqual(dirty(world), 0, "a quarter of the delay later at most")
    XCTAssertEqual(purges, 4)
    XCTAssertEqual(world.runs.pointee.counts.purged, 4 * size)
    world.check()
    world.free(live, by: heap)
    world.finish()
  }

  func testOnlyWhatIsOldIsPurged() {
    let world = HeapWorld(purgeDelay: 100)
    let heap = world.thread()
    let live = world.allocate(5, of: size, from: heap)
    world.free([live[1]], by: heap)
    HeapSystem.current.now += 80
    world.free([live[3]], by: heap)
    HeapSystem.current.now += 60
    world.runs.purgeIfDue()
    XCTAssertEqual(dirty(world), 1)
    XCTAssertTrue(world.run(live[1]).pointee.isClean)
    XCTAssertFalse(world.run(live[3]).pointee.isClean)
    world.check()
    world.free([live[0], live[2], live[4]], by: heap)
    world.finish()
  }

  func testNoDelayPurgesAtOnce() {
    let world = HeapWorld(purgeDelay: 0)
    let heap = world.thread()
    for _ in 0..<3 {
      world.free(world.allocate(1, of: size, from: heap), by: heap)
      XCTAssertEqual(dirty(world), 0)
      world.check()
    }
    XCTAssertEqual(purges, 3)
    world.finish()
  }

  /// What is above the limit goes at once, down to half of it, the largest first.
  func testRetain() {
    let world = HeapWorld(retain: 8 << 20)
    let heap = world.thread()
    let large = world.allocate(2, of: 3 << 20, from: heap)
    var live = world.allocate(18, of: size, from: heap)
    freeEachSecond(&live, world, by: heap)
    XCTAssertEqual(dirty(world), 4, "the ninth was above it")
    world.free([large[0]], by: heap)
    XCTAssertEqual(dirty(world), 7)
    world.check()
    world.free(live[..<2], by: heap)
    XCTAssertTrue(world.run(large[0]).pointee.isClean, "the largest first")
    XCTAssertLessThanOrEqual(dirty(world), 4)
    world.check()
    world.free(live[2...] + [large[1]], by: heap)
    XCTAssertLessThanOrEqual(dirty(world), 8)
    world.finish()
  }

  func testDownTo() {
    let world = HeapWorld()
    let heap = world.thread()
    let large = UInt(bitPattern: heap.allocate(10 << 20))
    var live = world.allocate(11, of: size, from: heap)
    freeEachSecond(&live, world, by: heap)
    world.free([large], by: heap)
    XCTAssertEqual(dirty(world), 15)
    world.runs.purge(downTo: 5 << 20)
    XCTAssertEqual(purges, 1, "the largest is enough")
    XCTAssertTrue(world.run(large).pointee.isClean)
    XCTAssertLessThanOrEqual(dirty(world), 5)
    let left = world.runs.dirtyBytes
    world.runs.purge(downTo: left - 1)
    XCTAssertEqual(world.runs.dirtyBytes, left - size)
    XCTAssertEqual(world.pool.purgeAll(), left - size)
    XCTAssertEqual(world.pool.purgeAll(), 0)
    world.check()
    world.free(live, by: heap)
    world.finish()
  }

  /// A purge that the system refuses changes nothing, and is tried again.
  func testARefusedPurge() {
    let world = HeapWorld(purgeDelay: 100) { call, _, _ in call == .purge }
    let heap = world.thread()
    world.free(world.allocate(1, of: size, from: heap), by: heap)
    XCTAssertEqual(world.pool.purgeAll(), 0)
    HeapSystem.current.now += 300
    world.runs.purgeIfDue()
    XCTAssertEqual(dirty(world), 1)
    XCTAssertEqual(purges, 2)
    XCTAssertEqual(world.runs.pointee.counts.purged, 0)
    world.check()
    HeapSystem.current.fails = { _, _, _ in false }
    HeapSystem.current.now += 300
    world.runs.purgeIfDue()
    XCTAssertEqual(dirty(world), 0)
    world.finish()
  }

  /// A run of which the system refuses to purge a page, since that is locked, is put aside: the others go.
  func testARefusedRunKeepsNoOthers() {
    for first in [1, 2, 4] {
      let world = HeapWorld(purgeDelay: 100)
      let heap = world.thread()
      var live = world.allocate(8, of: size, from: heap)
      freeEachSecond(&live, world, by: heap)
      purgeNumbers = 0
      HeapSystem.current.fails = { call, _, _ in call == .purge && self.purgeNumber() == first }
      XCTAssertEqual(world.pool.purgeAll(), 3 * size)
      XCTAssertEqual(dirty(world), 1)
      XCTAssertEqual(purges, 4)
      world.check()
      // It is not tried again before the delay.
      world.runs.purgeIfDue()
      XCTAssertEqual(purges, 4)
      HeapSystem.current.now += 300
      world.runs.purgeIfDue()
      XCTAssertEqual(dirty(world), 0)
      world.free(live, by: heap)
      world.finish()
    }
  }

  /// What the system refuses to purge does not count towards the limit for a while: not each free tries again.
  func testRefusedRunsAreNotTriedAtEachFree() {
    let world = HeapWorld(purgeDelay: 100_000, retain: 4 << 20)
    let heap = world.thread()
    var live = world.allocate(60, of: size, from: heap)
    HeapSystem.current.fails = { call, _, _ in call == .purge }
    freeEachSecond(&live, world, by: heap)
    XCTAssertEqual(dirty(world), 30)
    XCTAssertLessThan(purges, 100)
    world.check()
    HeapSystem.current.fails = { _, _, _ in false }
    world.free(live, by: heap)
    world.finish()
  }

  /// While the system is asked, others take and give back what lies around.
  func testOthersWorkDuringAPurge() {
    let world = HeapWorld()
    let (heap, other) = (world.thread(), world.thread())
    let live = world.allocate(6, of: size, from: heap)
    var during: [UInt] = []
    world.free([live[1], live[3]], by: heap)
    HeapSystem.current.duringPurge = {
      HeapSystem.current.duringPurge = {}
      // Neighbours on both sides, and a new one.
      world.free([live[0], live[2]], by: other)
      during = world.allocate(2, of: 100_000, from: other)
      world.free([live[4]], by: other)
    }
    XCTAssertGreaterThan(world.pool.purgeAll(), 0)
    world.check()
    XCTAssertEqual(dirty(world), 0)
    world.free([live[5]] + during, by: heap)
    world.finish()
  }

  /// The memory is gone: what is taken again reads as 0.
  func testPurgedMemoryReadsAsZero() {
    let world = HeapWorld()
    let heap = world.thread()
    let address = UInt(bitPattern: heap.allocate(size))
    let memory = UnsafeMutablePointer<UInt8>(bitPattern: address)!
    memory.initialize(repeating: 0xEE, count: Int(size))
    world.free([address], by: heap)
    _ = world.pool.purgeAll()
    XCTAssertTrue(world.run(address).pointee.isClean)
    let again = UInt(bitPattern: heap.allocate(size))
    XCTAssertEqual(again, address)
    XCTAssertTrue((0..<Int(size)).allSatisfy { memory[$0] == 0 })
    world.free([again], by: heap)
    world.finish()
  }

  /// What trimming a slab purges is counted like any other.
  func testTrimmedMemoryIsCounted() {
    let world = HeapWorld()
    let heap = world.thread()
    world.free(world.allocate(1, of: 100, from: heap), by: heap)
    HeapSystem.current.now += 200
    for _ in 0..<16 { heap.tick() }
    XCTAssertEqual(purges, 1)
    XCTAssertEqual(world.runs.pointee.counts.purged, PageRun.pageSize)
    world.finish()
  }
}
