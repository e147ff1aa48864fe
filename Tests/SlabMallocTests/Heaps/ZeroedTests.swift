import XCTest

@testable import SlabMalloc

/// Memory that was asked for zeroed reads as 0, and fresh memory is not cleared again.
final class ZeroedTests: XCTestCase {
  private func isZero(_ address: UInt, _ bytes: UInt) -> Bool {
    let words = UnsafePointer<UInt64>(bitPattern: address)!
    for index in 0..<Int(bytes / 8) where words[index] != 0 { return false }
    return true
  }

  private func scribble(_ address: UInt, _ bytes: UInt) {
    UnsafeMutablePointer<UInt8>(bitPattern: address)!.initialize(repeating: 0xDD, count: Int(bytes))
  }

  private func mark(_ address: UInt, _ world: HeapWorld) -> UInt8 {
    let run = world.run(address)
    return run.mark(run.slot(at: address).index).pointee
  }

  func testSlotsOfANewSlabAreFresh() {
    let world = HeapWorld()
    let heap = world.thread()
    let address = heap.allocateZeroed(1000)
    let slab = world.run(address)
    XCTAssertTrue(slab.pointee.isClean)
    XCTAssertEqual(
      (0..<UInt(slab.pointee.slotCount)).count { slab.mark($0).pointee == Mark.fresh }, Int(slab.pointee.slotCount) - 1)
    XCTAssertTrue(isZero(address, 1024))
    world.free([address], by: heap)
    XCTAssertEqual(mark(address, world), Mark.free, "and never again")
    world.finish()
  }

  /// A fresh slot is not written: its page has no memory until the program writes.
  func testAFreshSlotIsNotCleared() {
    let world = HeapWorld()
    let heap = world.thread()
    let address = heap.allocateZeroed(100_000)
    // What was put there although the slot was never given out shows that nothing clears it.
    let next = address + UInt(world.run(address).pointee.slotSize)
    scribble(next, 8)
    XCTAssertEqual(heap.allocateZeroed(100_000), next)
    XCTAssertFalse(isZero(next, 8))
    world.free([address, next], by: heap)
    world.finish()
  }

  func testADirtySlabIsNotFresh() {
    let world = HeapWorld()
    let heap = world.thread()
    let large = UInt(bitPattern: heap.allocate(200_000))
    scribble(large, 200_000)
    world.free([large], by: heap)
    let address = heap.allocateZeroed(1000)
    XCTAssertFalse(world.run(address).pointee.isClean)
    XCTAssertTrue(isZero(address, 1000))
    world.free([address], by: heap)
    world.finish()
  }

  func testLargeObjects() {
    for isPurged in [false, true] {
      let world = HeapWorld()
      let heap = world.thread()
      let large = UInt(bitPattern: heap.allocate(1 << 20))
      scribble(large, 1 << 20)
      world.free([large], by: heap)
      if isPurged { _ = world.pool.purgeAll() }
      let again = heap.allocateZeroed(1 << 20)
      XCTAssertEqual(again, large)
      XCTAssertTrue(isZero(again, 1 << 20))
      world.free([again], by: heap)
      world.finish()
    }
  }

  func testNothingIsClearedIfThereIsNoMemory() {
    let world = HeapWorld()
    let heap = world.thread()
    HeapSystem.current.fails = { _, _, _ in true }
    for size: UInt in [100_000, 300_000, 1 << 40, .max] {
      var address = heap.allocateZeroed(size)
      for _ in 0..<100 where address != 0 { address = heap.allocateZeroed(size) }
      XCTAssertEqual(address, 0)
    }
    world.check()
  }

  /// Objects of all sizes are filled, freed, purged now and then, and asked for zeroed again.
  func testRandomObjects() {
    let world = HeapWorld(retain: 1 << 20)
    let heaps = [world.thread(), world.thread()]
    var random = SeededRandom(stream: 330)
    var live: [(address: UInt, size: UInt)] = []
    for step in 0..<20_000 {
      let heap = heaps[random.below(2)]
      if random.below(live.count < 300 ? 5 : 2) > 0 {
        let size = 8 + UInt(random.below(1 << (3 + random.below(random.below(20) == 0 ? 16 : 11))))
        let isZeroed = random.below(2) == 0
        let address = isZeroed ? heap.allocateZeroed(size) : UInt(bitPattern: heap.allocate(size))
        if isZeroed, !isZero(address, size) { return XCTFail("step \(step): \(size) bytes, \(SeededRandom.hint)") }
        scribble(address, size)
        live.append((address, size))
      } else if !live.isEmpty {
        live.swapAt(random.below(live.count), live.count - 1)
        world.free([live.removeLast().address], by: heap)
      }
      HeapSystem.current.now += UInt64(random.below(3))
    }
    world.check()
    world.free(live.map(\.address), by: heaps[0])
    world.finish()
  }
}
