import XCTest

@testable import SlabMalloc

/// Pages of partly used slabs that nothing lies on.
final class IdlePagesTests: XCTestCase {
  private let page: UInt = 4096
  private var purges: Int { HeapSystem.current.count(.purge) }
  private var purged: UInt = 0

  /// Objects that are filled with their own number. All but each `kept`th are freed, and none of them is ready.
  private func scatter(_ count: Int, of size: UInt, keeping kept: Int, _ heap: HeapPointer, _ world: HeapWorld)
    -> [UInt]
  {
    let objects = world.allocate(count, of: size, from: heap)
    for address in objects { write(address, size) }
    world.free(objects.indices.filter { $0 % kept != 0 }.map { objects[$0] }, by: heap)
    world.bin(heap, size).emptyStack()
    return objects.indices.filter { $0 % kept == 0 }.map { objects[$0] }
  }

  private func write(_ address: UInt, _ size: UInt) {
    let words = UnsafeMutablePointer<UInt>(bitPattern: address)!
    for word in 0..<Int(size / 8) { words[word] = address &+ UInt(word) }
  }

  private func isIntact(_ address: UInt, _ size: UInt) -> Bool {
    let words = UnsafeMutablePointer<UInt>(bitPattern: address)!
    return (0..<Int(size / 8)).allSatisfy { words[$0] == address &+ UInt($0) }
  }

  /// A visit after so many milliseconds. Returns the bytes that it purged.
  private func visit(_ heap: HeapPointer, after delay: UInt64) -> UInt {
    HeapSystem.current.now += delay
    let before = heap.pool.locked { heap.pool.runs.pointee.counts.purged }
    heap.purgeIdleIfDue(HeapSystem.current.now)
    return heap.pool.locked { heap.pool.runs.pointee.counts.purged } - before
  }

  private func resident(_ address: UInt) -> Bool {
    HeapSystem.current.memory.resident(at: address / page * page, page) == page
  }

  private func end(_ live: [UInt], of size: UInt, _ heap: HeapPointer, _ world: HeapWorld, line: UInt = #line) {
    XCTAssertTrue(live.allSatisfy { isIntact($0, size) }, line: line)
    world.check(line: line)
    world.free(live, by: heap)
    world.finish(line: line)
  }

  func testIdlePagesArePurgedAfterTenPurgeDelays() {
    let world = HeapWorld(purgeDelay: 100)
    let heap = world.thread()
    let live = scatter(512, of: page, keeping: 4, heap, world)
    XCTAssertEqual(visit(heap, after: 300), 0, "the first visit only looks")
    XCTAssertEqual(visit(heap, after: 900), 0)
    let bytes = visit(heap, after: 250)
    // The slab that is current is none of them.
    let slabs = Set(live.map { world.run($0) }).filter { $0.pointee.place == .partial }
    XCTAssertEqual(bytes, slabs.reduce(0) { $0 + UInt($1.pointee.available) * page })
    XCTAssertGreaterThan(bytes, 200 * page)
    for address in live where slabs.contains(world.run(address)) {
      XCTAssertTrue(resident(address))
      for next: UInt in 1...3 where world.run(address) == world.runs.run(around: address + next * page) {
        XCTAssertFalse(resident(address + next * page))
      }
    }
    XCTAssertEqual(visit(heap, after: 2000), 0, "once")
    end(live, of: page, heap, world)
  }

  func testASlabAtWorkKeepsItsPages() {
    let world = HeapWorld(purgeDelay: 100)
    let heap = world.thread()
    var live = scatter(512, of: page, keeping: 4, heap, world)
    _ = visit(heap, after: 300)
    let slabs = Set(live.map { world.run($0) }).filter { $0.pointee.place == .partial }
    for slab in slabs {
      let index = live.firstIndex { world.run($0) == slab }!
      world.free([live.remove(at: index)], by: heap)
    }
    world.bin(heap, page).emptyStack()
    XCTAssertEqual(visit(heap, after: 1100), 0, "a slot became available in each")
    XCTAssertGreaterThan(visit(heap, after: 1100), 0)
    end(live, of: page, heap, world)
  }

  func testALargerShareIsUsed() {
    let world = HeapWorld(purgeDelay: 100)
    let heap = world.thread()
    let objects = world.allocate(512, of: page, from: heap)
    for address in objects { write(address, page) }
    // Two of five, side by side.
    let freed = Set(objects.indices.filter { $0 % 5 < 2 })
    world.free(freed.map { objects[$0] }, by: heap)
    world.bin(heap, page).emptyStack()
    _ = visit(heap, after: 300)
    XCTAssertEqual(visit(heap, after: 1100), 0)
    XCTAssertGreaterThan(world.pool.purgeAll(of: heap), 0, "a purge on request takes all")
    end(objects.indices.filter { !freed.contains($0) }.map { objects[$0] }, of: page, heap, world)
  }

  /// A page alone is not worth a call.
  func testSinglePagesWaitForARequest() {
    let world = HeapWorld(purgeDelay: 100)
    let heap = world.thread()
    let live = scatter(512, of: page, keeping: 2, heap, world)
    _ = visit(heap, after: 300)
    XCTAssertEqual(visit(heap, after: 1100), 0)
    XCTAssertGreaterThan(world.pool.purgeAll(of: heap), 200 * page)
    end(live, of: page, heap, world)
  }

  /// A visit makes 2048 calls, or as many as the time since the last one allows. The next one goes on.
  func testTheNumberOfCallsIsLimited() {
    let world = HeapWorld(purgeDelay: 0)
    let heap = world.thread()
    let live = scatter(12_000, of: page, keeping: 4, heap, world)
    _ = visit(heap, after: 1000)
    var (sum, counts): (UInt, [Int]) = (0, [])
    for _ in 0..<40 {
      let before = purges
      sum += visit(heap, after: 20)
      counts.append(purges - before)
    }
    let slab = HeapWorld.slots(page)
    XCTAssertLessThan(counts.max()!, IdlePages.calls + slab)
    XCTAssertGreaterThan(counts.reduce(0, +), 2500)
    XCTAssertLessThan(counts.dropFirst(2).max()!, 160 + slab, "8 for each millisecond")
    XCTAssertGreaterThan(sum, 8000 * page, "it went on")
    end(live, of: page, heap, world)
  }

  func testARefusedPurgeIsNotRepeated() {
    let world = HeapWorld(purgeDelay: 100)
    let heap = world.thread()
    let live = scatter(512, of: page, keeping: 4, heap, world)
    _ = visit(heap, after: 300)
    HeapSystem.current.fails = { call, _, _ in call == .purge }
    XCTAssertEqual(visit(heap, after: 1100), 0)
    HeapSystem.current.fails = { _, _, _ in false }
    let calls = purges
    XCTAssertGreaterThan(calls, 0)
    XCTAssertEqual(visit(heap, after: 1100), 0)
    XCTAssertEqual(purges, calls)
    end(live, of: page, heap, world)
  }

  /// The system's pages are those of a heap, or larger.
  func testSystemPages() {
    for systemPage: UInt in [16 << 10, 64 << 10] {
      let world = HeapWorld(pageSize: Int(systemPage), purgeDelay: 100)
      let heap = world.thread()
      let live = scatter(2048, of: page, keeping: 64, heap, world)
      _ = visit(heap, after: 300)
      XCTAssertGreaterThan(visit(heap, after: 1100), 0)
      end(live, of: page, heap, world)
    }
  }

  func testHardenedSlabsKeepTheirPages() {
    let world = HeapWorld(purgeDelay: 100, profile: .hardened)
    let heap = world.thread()
    let objects = world.allocate(512, of: page, from: heap)
    world.free(objects.indices.filter { $0 % 64 != 0 }.map { objects[$0] }, by: heap)
    heap.evictAll()
    _ = visit(heap, after: 300)
    XCTAssertEqual(visit(heap, after: 1100), 0)
    world.free(objects.indices.filter { $0 % 64 == 0 }.map { objects[$0] }, by: heap)
    world.finish()
  }

  /// A huge page is split where half of a slab is idle.
  func testHugePagesAreSplitForHalfASlab() {
    for (kept, isSplit) in [(8, false), (128, true)] {
      let world = HeapWorld(purgeDelay: 100, hugePages: .always, hugeSystem: .advised)
      let heap = world.thread()
      // Of 512 bytes, 8 to a page: each second page has an object, or each 16th.
      let live = scatter(16 * 4096, of: 512, keeping: kept * 2, heap, world)
      XCTAssertFalse(HeapSystem.current.advised.isEmpty)
      _ = visit(heap, after: 300)
      XCTAssertEqual(visit(heap, after: 1100) > 0, isSplit)
      XCTAssertEqual(HeapSystem.current.refused.isEmpty, !isSplit)
      end(live, of: 512, heap, world)
    }
  }

  /// Any sizes, any share, and slots that are used again: nothing that lives changes.
  func testRandomScatter() {
    var random = SeededRandom()
    for _ in 0..<12 {
      let world = HeapWorld(pageSize: [4096, 16_384][random.below(2)], purgeDelay: 0)
      let heap = world.thread()
      let size = UInt(64 + random.below(2000) * 16)
      var live: [UInt] = []
      for _ in 0..<3 {
        live += scatter(max(300, 4_000_000 / Int(size)), of: size, keeping: 2 + random.below(60), heap, world)
        for _ in 0..<3 { _ = visit(heap, after: 500) }
        XCTAssertTrue(live.allSatisfy { isIntact($0, size) }, SeededRandom.hint)
        world.check(SeededRandom.hint)
      }
      XCTAssertEqual(Set(live).count, live.count)
      end(live, of: size, heap, world)
    }
  }
}
