import XCTest

@testable import SlabMalloc

/// Heaps that nobody has rest: few of them with their memory, and the others without.
final class RestingBlocksTests: XCTestCase {
  private func resting(_ world: HeapWorld) -> (dirty: Int, clean: Int) {
    let blocks = world.runs.pointee.kept.blocks
    var clean = 0
    var next = blocks.clean.first
    while let run = next {
      clean += 1
      next = run.pointee.next
    }
    return (blocks.dirtyCount, clean)
  }

  /// Heaps that all have an object, and then none.
  private func used(_ world: HeapWorld, _ count: Int) -> [HeapPointer] {
    (0..<count).map { _ in
      let heap = world.thread()
      world.free(world.allocate(40, of: 100, from: heap), by: heap)
      return heap
    }
  }

  func testOnlyTheNewestKeepTheirMemory() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let heaps = used(world, 20)
      for heap in heaps { world.end(heap) }
      XCTAssertEqual(resting(world).dirty, RestingBlocks.mostDirty)
      XCTAssertEqual(resting(world).clean, 4)
      world.check("16 of 20 keep their memory:")
      // The newest first, and then those without memory: all serve again.
      let again = used(world, 21)
      XCTAssertEqual(Array(again.prefix(16)), Array(heaps.suffix(16).reversed()))
      XCTAssertEqual(Set(again.prefix(20)), Set(heaps))
      XCTAssertEqual(resting(world).clean, 0)
      world.check("all are taken again:")
      for heap in again { world.end(heap) }
      _ = world.pool.purgeAll()
      XCTAssertEqual(resting(world).dirty, 0)
      XCTAssertEqual(resting(world).clean, 21)
      world.finish()
    }
  }

  func testTheyArePurgedAfterTheDelay() {
    let world = HeapWorld(purgeDelay: 100)
    for heap in used(world, 3) { world.end(heap) }
    world.runs.purgeIfDue()
    XCTAssertEqual(resting(world).dirty, 3)
    HeapSystem.current.now += 101
    world.runs.purgeIfDue()
    XCTAssertEqual(resting(world).dirty, 0)
    world.finish()
  }

  /// A block whose memory the system does not take rests with it, and is asked again later.
  func testARefusedPurge() {
    let world = HeapWorld { call, _, _ in call == .purge }
    for heap in used(world, 20) { world.end(heap) }
    XCTAssertEqual(resting(world).dirty, 20)
    world.check("nothing can be purged:")
    HeapSystem.current.fails = { _, _, _ in false }
    world.end(used(world, 1)[0])
    XCTAssertEqual(resting(world).dirty, RestingBlocks.mostDirty)
    world.finish()
  }

  /// An explicit heap takes the place of a thread's heap, and the other way round. Destroyed heaps are recognised.
  func testHeapsOfBothKindsRest() {
    let world = HeapWorld()
    let explicit = world.explicit()
    _ = world.allocate(100, of: 100, from: explicit)
    XCTAssertEqual(world.destroy(explicit), 100)
    XCTAssertFalse(explicit.isInitialized)
    let heap = world.thread()
    XCTAssertEqual(heap, explicit)
    world.end(heap)
    XCTAssertEqual(world.explicit(), heap)
    _ = world.pool.purgeAll()
    XCTAssertEqual(world.destroy(heap), 0)
    _ = world.pool.purgeAll()
    XCTAssertFalse(heap.isInitialized, "its memory is gone, and its address stays a heap's")
    world.finish()
  }
}
