import XCTest

@testable import SlabMalloc

/// Large objects: runs of their own, aligned, grown, shrunk and moved.
final class LargeObjectTests: XCTestCase {
  private let page = PageRun.pageSize

  private func fill(_ address: UInt, _ bytes: UInt, _ seed: UInt) {
    for offset in stride(from: UInt(0), to: bytes - 7, by: 4096) { word(address + offset).pointee = seed &+ offset }
    word(address + (bytes - 8) & ~7).pointee = seed &+ bytes
  }

  private func holds(_ address: UInt, _ bytes: UInt, _ seed: UInt, upTo end: UInt) -> Bool {
    for offset in stride(from: UInt(0), to: min(bytes - 7, end - 7), by: 4096)
    where offset / 4096 != (bytes - 8) / 4096 && word(address + offset).pointee != seed &+ offset { return false }
    return end < bytes || word(address + (bytes - 8) & ~7).pointee == seed &+ bytes
  }

  private func word(_ address: UInt) -> UnsafeMutablePointer<UInt> { UnsafeMutablePointer(bitPattern: address)! }

  func testSizesAreMultiplesOfTheSystemsPages() {
    for osPage in [4096, 16384, 65536] {
      let world = HeapWorld(pageSize: osPage)
      let heap = world.thread()
      for size: UInt in [maxSize + 1, 200_000, 1 << 20, 1 << 20 + 1] {
        let address = UInt(bitPattern: heap.allocate(size))
        let run = world.run(address)
        XCTAssertEqual(LargeObject(run).size, roundUp(size, to: UInt(osPage)))
        XCTAssertEqual(run.bytes, roundUp(size, to: page))
        XCTAssertEqual(world.pool.usableSize(address), LargeObject(run).size)
        XCTAssertEqual(world.pool.goodSize(size), LargeObject(run).size)
        XCTAssertTrue(world.pool.isRight(address, size: size, alignment: 1))
        XCTAssertFalse(world.pool.isRight(address, size: size + UInt(osPage), alignment: 1))
        XCTAssertEqual(world.reports, [Status.layoutMismatch])
        fill(address, LargeObject(run).size, 1)
        world.check()
        world.free([address], by: heap)
      }
      world.finish()
    }
  }

  func testAlignment() {
    for isDirty in [false, true] {
      let world = HeapWorld()
      let heap = world.thread()
      if isDirty { world.free(world.allocate(1, of: 200 << 20, from: heap), by: heap) }
      var live: [UInt] = []
      for shift in 16...26 {
        for size: UInt in [1, 100_000, 300_000] {
          let alignment: UInt = 1 << shift
          let address = heap.allocate(size, alignment: alignment)
          XCTAssertNotEqual(address, 0)
          XCTAssertEqual(address % alignment, 0, "\(size) at \(alignment)")
          XCTAssertTrue(world.pool.isRight(address, size: size, alignment: alignment))
          live.append(address)
          guard world.check("\(size) at \(alignment):") else { return }
        }
      }
      // What aligning left over is free.
      let used = live.reduce(0) { $0 + world.run($1).bytes }
      XCTAssertEqual(world.pool.pointee.counts.large + world.pool.pointee.counts.slabs, used)
      world.free(live, by: heap)
      world.finish()
    }
  }

  /// The rest of a dirty run is as old as the run was.
  func testWhatAligningLeavesIsNotDueForPurgingAtOnce() {
    let world = HeapWorld()
    let heap = world.thread()
    world.free(world.allocate(1, of: 8 << 20, from: heap), by: heap)
    let address = heap.allocate(1 << 20, alignment: 1 << 21)
    HeapSystem.current.now += 10
    world.runs.nextPurge = 0
    world.runs.purgeIfDue()
    XCTAssertEqual(HeapSystem.current.count(.purge), 0, "10 of 100 milliseconds")
    world.free([address], by: heap)
    world.finish()
  }

  func testGrowingInPlace() {
    let world = HeapWorld()
    let heap = world.thread()
    let address = UInt(bitPattern: heap.allocate(1 << 20))
    fill(address, 1 << 20, 7)
    for size in stride(from: UInt(1 << 20), through: 3 << 20, by: 50_000) {
      XCTAssertEqual(heap.reallocate(address, size), address, "\(size): there is room behind it")
      XCTAssertEqual(LargeObject(world.run(address)).size, roundUp(size, to: 4096))
      world.check()
    }
    XCTAssertTrue(holds(address, 1 << 20, 7, upTo: 1 << 20))
    XCTAssertEqual(HeapSystem.current.count(.move), 0)
    world.free([address], by: heap)
    world.finish()
  }

  func testShrinkingGivesPagesBack() {
    let world = HeapWorld()
    let heap = world.thread()
    let address = UInt(bitPattern: heap.allocate(4 << 20))
    fill(address, 4 << 20, 9)
    for size in stride(from: UInt(4 << 20), to: maxSize + 1, by: -300_000) {
      XCTAssertEqual(heap.reallocate(address, size), address)
      XCTAssertEqual(world.run(address).bytes, roundUp(roundUp(size, to: 4096), to: page))
      world.check()
      XCTAssertTrue(holds(address, 4 << 20, 9, upTo: size & ~4095))
    }
    let small = heap.reallocate(address, 1000)
    XCTAssertNotEqual(small, address)
    XCTAssertEqual(world.run(small).pointee.kind, .slab)
    XCTAssertEqual(word(small).pointee, 9)
    XCTAssertEqual(world.pool.pointee.counts.large, 0)
    world.check()
    world.free([small], by: heap)
    world.finish()
  }

  /// From 16 MiB on by page tables; by copying below that, into a lone run, or if the system refuses. The content goes
  /// along.
  func testMoving() {
    for isRefused in [false, true] {
      let (from, lone) = (PageRun.movedFrom, LoneRun.leastPages << 16)
      let sizes: [(UInt, UInt)] = [
        (maxSize + 1, 2 * maxSize), (500_000, 1_000_000), (3 << 20, 6 << 20), (from, 20 << 20), (20 << 20, 25 << 20),
        (from, lone), (20 << 20, 40 << 20),
      ]
      for (size, wanted) in sizes {
        let world = HeapWorld { call, _, _ in isRefused && call == .move }
        let heap = world.thread()
        let address = UInt(bitPattern: heap.allocate(size))
        let blocker = UInt(bitPattern: heap.allocate(maxSize + 1))
        let usable = LargeObject(world.run(address)).size
        fill(address, usable, 3)
        let moved = heap.reallocate(address, wanted)
        XCTAssertNotEqual(moved, address)
        XCTAssertTrue(holds(moved, usable, 3, upTo: usable))
        XCTAssertEqual(HeapSystem.current.count(.move), usable >= from && wanted < lone ? 1 : 0)
        XCTAssertEqual(world.run(address).pointee.kind, .free)
        world.check("\(size), refused: \(isRefused):")
        fill(moved, LargeObject(world.run(moved)).size, 4)
        world.free([moved, blocker], by: heap)
        world.finish()
      }
    }
  }

  func testAnObjectThatCannotGrowStaysAsItIs() {
    let world = HeapWorld()
    let heap = world.thread()
    let address = UInt(bitPattern: heap.allocate(1 << 20))
    let blocker = UInt(bitPattern: heap.allocate(maxSize + 1))
    fill(address, 1 << 20, 5)
    HeapSystem.current.fails = { _, _, _ in true }
    for size: UInt in [64 << 20, 1 << 40, UInt(Int.max), .max] {
      XCTAssertEqual(heap.reallocate(address, size), 0, "\(size)")
      XCTAssertTrue(holds(address, 1 << 20, 5, upTo: 1 << 20))
      world.check()
    }
    HeapSystem.current.fails = { _, _, _ in false }
    world.free([address, blocker], by: heap)
    world.finish()
  }

  /// The large objects of an explicit heap are in its list, however they came there and left.
  func testLargeObjectsOfAnExplicitHeap() {
    let world = HeapWorld()
    let (heap, other) = (world.explicit(), world.thread())
    let live = world.allocate(5, of: 300_000, from: heap)
    world.check()
    XCTAssertEqual(heap.own.deallocate(live[2]), .ok)
    XCTAssertEqual(heap.own.deallocate(live[2]), Status.foreignPointer)
    XCTAssertEqual(heap.own.deallocate(live[1] + 4096), Status.interiorPointer)
    XCTAssertEqual(world.free(live[0], by: other), .ok)
    world.check()
    let grown = other.reallocate(live[1], 350_000)
    XCTAssertEqual(grown, live[1])
    world.check()
    let foreign = UInt(bitPattern: other.allocate(300_000))
    XCTAssertEqual(heap.own.deallocate(foreign), Status.foreignPointer)
    XCTAssertEqual(world.destroy(heap), 3)
    world.check()
    world.free([foreign], by: other)
    world.finish()
  }

  func testMisuse() {
    let world = HeapWorld()
    let heap = world.thread()
    let address = UInt(bitPattern: heap.allocate(1 << 20))
    for inner in [address + 1, address + 4096, address + 1 << 20 - 1] {
      XCTAssertEqual(world.free(inner, by: heap), Status.interiorPointer)
    }
    XCTAssertEqual(world.free(address, by: heap), .ok)
    XCTAssertEqual(world.free(address, by: heap), Status.doubleFree)
    XCTAssertEqual(heap.reallocate(address, 100), 0)
    XCTAssertEqual(world.reports.count, 5)
    var local = 0
    withUnsafeMutablePointer(to: &local) {
      XCTAssertEqual(world.free(UInt(bitPattern: $0), by: heap), Status.foreignPointer)
    }
    // Metadata, the table, and what is only reserved.
    let segment = world.runs.pointee.segments[0]!.pointee
    for address in [heap.address, segment.table, segment.limit, segment.limit + 1 << 30] {
      XCTAssertEqual(world.free(address, by: heap), Status.foreignPointer)
    }
    XCTAssertEqual(world.reports.count, 5)
    world.check()
    world.finish()
  }

  func testADoubleFreeIsOneStillAfterAPurge() {
    let world = HeapWorld()
    let heap = world.thread()
    let live = world.allocate(3, of: 1 << 20, from: heap)
    for order in [[0, 1, 2], [2, 0, 1]] {
      for index in order {
        world.free([live[index]], by: heap)
        _ = world.pool.purgeAll()
      }
      for address in live { XCTAssertEqual(world.free(address, by: heap), Status.doubleFree) }
      XCTAssertEqual(world.reports.count, 3)
      XCTAssertEqual(Set(world.allocate(3, of: 1 << 20, from: heap)), Set(live))
    }
    world.free(live, by: heap)
    world.finish()
  }
}
