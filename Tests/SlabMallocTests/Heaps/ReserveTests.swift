import XCTest

@testable import SlabMalloc

/// Page runs of a process: cut, given back, merged. Every step is followed by a look at the whole table.
final class ReserveTests: XCTestCase {
  /// A process that has given a heap to nobody, so that all its runs are the test's.
  private func world(_ pageSize: Int = 4096) -> HeapWorld {
    let world = HeapWorld(pageSize: pageSize)
    XCTAssertTrue(world.pool.locked { world.runs.makeSegment(1) })
    return world
  }

  private func take(_ pages: UInt, _ world: HeapWorld) -> RunPointer {
    let run = world.pool.locked { world.runs.takeRun(pages)! }
    // A busy run is only between two calls: as a large object it may stay.
    run.pointee.kind = .large
    LargeObject(run).size = run.bytes
    world.pool.pointee.counts.largeLive += 1
    world.pool.locked { world.pool.count(largeBytes: Int(run.bytes)) }
    return run
  }

  private func giveBack(_ run: RunPointer, _ world: HeapWorld) {
    XCTAssertEqual(world.pool.deallocateLarge(run.pointee.start), .ok)
  }

  private func free(_ world: HeapWorld) -> (dirty: UInt, clean: UInt) {
    (world.pages.dirty >> PageRun.pageShift, world.pages.clean >> PageRun.pageShift)
  }

  func testPagesBecomeUsableInPieces() {
    let world = world()
    XCTAssertEqual(world.pages.held, 0)
    let one = take(1, world)
    XCTAssertEqual(world.pages.held, 4 << 20, "4 MiB at once")
    XCTAssertEqual(free(world).clean, 63)
    let many = take(1000, world)
    XCTAssertEqual(world.pages.held >> PageRun.pageShift, 1088, "what is wanted, up to the end of a huge page")
    XCTAssertTrue(one.pointee.isClean && many.pointee.isClean)
    _ = take(100, world)
    XCTAssertEqual(world.pages.held >> PageRun.pageShift, 1088 + 160, "an eighth more")
    world.check()
  }

  private func isDumped(_ start: UInt, _ bytes: UInt) -> Bool { HeapSystem.current.isDumped(start..<start + bytes) }

  func testCoreDumpsLeaveOutWhatIsOnlyReserved() {
    for profile in [Profile.checked, .hardened] {
      // A segment of this size is reserved, not placed.
      let world = HeapWorld(reserve: 64 << 20, profile: profile)
      XCTAssertTrue(world.pool.locked { world.runs.makeSegment(1) })
      let segment = world.runs.pointee.segments[0]!
      XCTAssertFalse(isDumped(segment.pointee.base, 1))
      for pages: UInt in [1, 500] {
        let run = take(pages, world)
        XCTAssertTrue(isDumped(run.pointee.start, run.bytes))
        XCTAssertFalse(isDumped(segment.pointee.limit, 1))
        XCTAssertTrue(isDumped(segment.pointee.table, segment.pointee.tableLimit - segment.pointee.table))
        XCTAssertFalse(isDumped(segment.pointee.tableLimit, 1))
        giveBack(run, world)
      }
      // What the system refuses stays out.
      HeapSystem.current.fails = { call, _, _ in call == .commit }
      XCTAssertNil(world.pool.locked { world.runs.takeRun(2000) })
      XCTAssertFalse(isDumped(segment.pointee.limit, 1))
      world.check()
    }
  }

  /// The border between reserved memory and what core dumps have needs a mapping, which the system may not have.
  func testWithoutAnotherMappingMemoryBecomesUsable() {
    let world = world()
    _ = take(1, world)
    HeapSystem.current.hasMappings = false
    for pages: UInt in [1000, 2000] {
      let run = take(pages, world)
      XCTAssertTrue(isDumped(run.pointee.start, run.bytes))
      XCTAssertTrue(HeapSystem.current.isUsable(run.endAddress - 1))
    }
    HeapSystem.current.hasMappings = true
    world.check()
  }

  func testARunIsCutAndTheRestIsFree() {
    let world = world()
    let runs = (0..<4).map { _ in take(3, world) }
    XCTAssertEqual(Set(runs).count, 4)
    XCTAssertEqual(free(world).clean, 64 - 12)
    world.check()
    for run in runs { giveBack(run, world) }
    world.check()
    XCTAssertEqual(free(world).dirty, 12)
    XCTAssertEqual(world.runs.dirtyBytes, 12 << PageRun.pageShift)
  }

  /// In each order of giving back, neighbours become one run.
  func testNeighboursAreMerged() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      let world = world()
      let runs = (0..<3).map { _ in take(5, world) }.sorted()
      let rest = take(49, world)
      for index in order {
        giveBack(runs[index], world)
        world.check("\(order)")
      }
      let segment = world.runs.pointee.segments[0]!
      XCTAssertEqual(segment.pointee.dirty.find(15), runs[0], "one run of 15 pages")
      XCTAssertNil(segment.pointee.dirty.find(16))
      giveBack(rest, world)
      XCTAssertEqual(segment.pointee.dirty.find(64), min(runs[0], rest))
      world.finish()
    }
  }

  func testDirtyAndCleanRunsStayApart() {
    let world = world()
    let runs = (0..<3).map { _ in take(4, world) }.sorted()
    giveBack(runs[1], world)
    XCTAssertEqual(world.pool.purgeAll(), 4 << PageRun.pageShift)
    XCTAssertEqual(free(world).dirty, 0)
    world.check("the middle one is clean:")
    giveBack(runs[0], world)
    giveBack(runs[2], world)
    world.check("its neighbours are dirty:")
    XCTAssertEqual(free(world).dirty, 8)
    XCTAssertEqual(world.pool.purgeAll(), 8 << PageRun.pageShift)
    world.check("all are clean:")
    XCTAssertEqual(world.runs.pointee.segments[0]!.pointee.clean.largest?.pointee.pages, 64)
    world.finish()
  }

  func testDirtyRunsAreTakenFirst() {
    let world = world()
    let run = take(2, world)
    let start = run.pointee.start
    giveBack(run, world)
    let again = take(2, world)
    XCTAssertEqual(again.pointee.start, start)
    XCTAssertFalse(again.pointee.isClean)
    XCTAssertTrue(take(2, world).pointee.isClean)
    world.check()
  }

  func testARunGrowsOverFreePagesBehindIt() {
    let world = world()
    let runs = (0..<3).map { _ in take(4, world) }.sorted()
    let segment = world.runs.pointee.segments[0]!
    XCTAssertFalse(segment.extend(runs[0], by: 1), "the next is used")
    giveBack(runs[1], world)
    XCTAssertFalse(world.pool.resizeLarge(runs[0], 9 << PageRun.pageShift), "one page too few")
    XCTAssertTrue(world.pool.resizeLarge(runs[0], 7 << PageRun.pageShift))
    XCTAssertEqual(runs[0].pointee.pages, 7)
    XCTAssertEqual(free(world).dirty, 1)
    world.check()
    XCTAssertTrue(world.pool.resizeLarge(runs[0], 8 << PageRun.pageShift))
    XCTAssertEqual(free(world).dirty, 0)
    world.check()
    XCTAssertTrue(world.pool.resizeLarge(runs[0], 3 << PageRun.pageShift))
    XCTAssertEqual(free(world).dirty, 5)
    world.check()
    for run in [runs[0], runs[2]] { giveBack(run, world) }
    world.finish()
  }

  /// What follows the last usable page is not a run to grow over.
  func testNothingGrowsPastTheLimit() {
    let world = world()
    let run = take(64, world)
    XCTAssertFalse(world.pool.resizeLarge(run, 65 << PageRun.pageShift))
    world.check()
    giveBack(run, world)
    world.finish()
  }

  /// Random runs, taken and given back, grown, shrunk and purged, with each size of the system's pages.
  func testRandomRuns() {
    for pageSize in [4096, 16384, 65536] {
      var random = SeededRandom(stream: 300 + UInt64(pageSize))
      let world = world(pageSize)
      var runs: [RunPointer] = []
      for step in 0..<1500 {
        switch random.below(20) {
        case 0: _ = world.pool.purgeAll()
        case 1...3 where !runs.isEmpty:
          let run = runs[random.below(runs.count)]
          _ = world.pool.resizeLarge(run, maxSize + 1 + UInt(random.below(40)) << PageRun.pageShift)
        case 4...(step / 300 % 2 == 0 ? 10 : 15) where !runs.isEmpty:
          giveBack(runs.remove(at: random.below(runs.count)), world)
        default: runs.append(take(1 + UInt(random.below(random.below(10) == 0 ? 200 : 20)), world))
        }
        guard world.check("step \(step) with pages of \(pageSize), \(SeededRandom.hint):") else { return }
      }
      for run in runs { giveBack(run, world) }
      world.finish()
    }
  }
}
