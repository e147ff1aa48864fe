import XCTest

@testable import SlabMalloc

/// Metadata is carved from pages of its own, used again, and given back when a page has none.
final class HeapMetadataTests: XCTestCase {
  private func take(_ world: HeapWorld, lines: UInt) -> UInt? {
    world.pool.locked { world.runs.takeMetadata(lines: lines) }
  }

  private func giveBack(_ world: HeapWorld, _ block: UInt, lines: UInt) {
    world.pool.locked { world.runs.freeMetadata(block, lines: lines) }
  }

  func testBlocksDoNotOverlapAndAreUsedAgain() {
    let world = HeapWorld()
    var random = SeededRandom(stream: 310)
    for lines: UInt in [1, 2, 7, 72] {
      let count = 3 * PageRun.pageSize / (lines * Metadata.line)
      let blocks = (0..<count).map { _ in take(world, lines: lines)! }.sorted()
      XCTAssertTrue(blocks.allSatisfy { $0 % Metadata.line == 0 })
      for (one, other) in zip(blocks, blocks.dropFirst()) {
        XCTAssertGreaterThanOrEqual(other - one, lines * Metadata.line)
      }
      let held = world.runs.pointee.metadata.pageCount
      let shuffled = blocks.shuffled(using: &random)
      for block in shuffled { giveBack(world, block, lines: lines) }
      XCTAssertEqual(world.runs.pointee.metadata.pageCount, held - 2, "one page stays of \(held)")
      world.check("\(lines) lines:")
      let again = (0..<count).map { _ in take(world, lines: lines)! }
      XCTAssertEqual(world.runs.pointee.metadata.pageCount, held)
      XCTAssertEqual(Set(again).count, Int(count))
      for block in again { giveBack(world, block, lines: lines) }
    }
    world.finish()
  }

  /// Slabs that come and go take no more metadata than the most that there were at once.
  func testSlabsThatComeAndGo() {
    let world = HeapWorld()
    let heap = world.thread()
    var held: UInt = 0
    for round in 0..<20 {
      let live = world.allocate(20_000, of: 64, from: heap) + world.allocate(500, of: 3000, from: heap)
      if round == 0 { held = world.pages.held }
      XCTAssertEqual(world.pages.held, held, "round \(round)")
      world.free(live, by: heap)
    }
    world.finish()
  }

  /// Heaps, whose number no page of a piece limits.
  func testManyHeaps() {
    let world = HeapWorld(reserve: 0)
    let heaps = (0..<300).map { _ in world.takeHeap() }
    XCTAssertFalse(heaps.contains(nil))
    XCTAssertEqual(Set(heaps).count, 300)
    let live = heaps.map { UInt(bitPattern: $0!.allocate(100)) }
    XCTAssertFalse(live.contains(0))
    world.check()
    for (heap, address) in zip(heaps, live) { world.free([address], by: heap!) }
    let held = world.pages.held
    for heap in heaps { world.end(heap!) }
    world.check("all idle:")
    for _ in 0..<300 { XCTAssertNotNil(world.takeHeap()) }
    XCTAssertEqual(world.pages.held, held, "idle heaps are taken first")
    world.finish()
  }

  /// A slab that gets no pages leaves no metadata behind.
  func testMetadataOfASlabThatCannotBe() {
    let world = HeapWorld()
    let heap = world.thread()
    let small = world.allocate(1, of: 64, from: heap)
    HeapSystem.current.fails = { call, _, bytes in call != .unmap }
    var live: [UInt] = []
    while let memory = heap.allocate(64) { live.append(UInt(bitPattern: memory)) }
    XCTAssertGreaterThan(live.count, 1000, "all that is usable was served")
    world.check()
    for _ in 0..<10 { XCTAssertNil(heap.allocate(64)) }
    world.check()
    HeapSystem.current.fails = { _, _, _ in false }
    live.append(UInt(bitPattern: heap.allocate(64)))
    world.free(small + live, by: heap)
    world.finish()
  }
}
