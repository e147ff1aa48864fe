import XCTest

@testable import SlabMalloc

/// What ended threads and destroyed heaps leave.
final class HeapEndingTests: XCTestCase {
  private let size: UInt = 512
  private var slots: Int { HeapWorld.slots(size) }

  func testAPartialSlabOfAnEndedThreadIsTakenByTheNextWhoNeedsOne() {
    let world = HeapWorld()
    let (first, second) = (world.thread(), world.thread())
    let live = world.allocate(10, of: size, from: first)
    let slab = world.run(live[0])
    world.end(first)
    XCTAssertTrue(slab.pointee.isOrphan)
    XCTAssertEqual(Int(slab.pointee.available), slots - 10)
    world.check("an orphan:")
    let more = world.allocate(slots - 10, of: size, from: second)
    XCTAssertEqual(Set(more.map { world.run($0) }), [slab])
    XCTAssertEqual(slab.currentOwner.heap, second)
    world.check("taken:")
    world.free(live + more, by: second)
    world.finish()
  }

  func testWhoFreesASlotOfAnOrphanAdoptsIt() {
    let world = HeapWorld()
    let (first, second) = (world.thread(), world.thread())
    let live = world.allocate(slots / 2, of: size, from: first)
    let slab = world.run(live[0])
    world.end(first)
    XCTAssertEqual(world.free(live[0], by: second), .ok)
    XCTAssertEqual(slab.currentOwner.heap, second)
    XCTAssertFalse(slab.pointee.isOrphan)
    world.check("adopted:")
    XCTAssertEqual(world.free(live[0], by: second), Status.doubleFree)
    XCTAssertEqual(world.reports.count, 1)
    world.free(live[1...], by: second)
    XCTAssertEqual(slab.pointee.kind, .free)
    world.finish()
  }

  func testOrphansAreTakenInTurn() {
    let world = HeapWorld()
    var live: [UInt] = []
    for _ in 0..<3 {
      let heap = world.thread()
      // Each has a slab of its own, as the one before has used its slab up.
      live += world.allocate(slots, of: size, from: heap)
      live += world.allocate(1, of: size, from: heap)
      world.free([live.removeLast()], by: heap)
      world.free([live[live.count - 5], live[live.count - 6]], by: heap)
      live.removeSubrange(live.count - 6..<live.count - 4)
      world.end(heap)
      world.check()
    }
    let orphans = Array(
      sequence(first: world.pool.pointee.orphans.lists[Int(SizeClass.index(size: size)!)].first) { $0?.pointee.next }
        .prefix { $0 != nil }.map { $0! })
    let heap = world.thread()
    for orphan in orphans {
      let address = UInt(bitPattern: heap.allocate(size))
      XCTAssertEqual(world.run(address), orphan)
      live.append(address)
      while heap.bin(SizeClass.index(size: size)!).pointee.pending != 0 || orphan.pointee.available > 0 {
        live.append(UInt(bitPattern: heap.allocate(size)))
      }
      world.check()
    }
    world.free(live, by: heap)
    world.finish()
  }

  /// A full slab, a partial one, an empty one, and ready slots in each.
  func testEverySlabOfAnEndedThreadFindsItsPlace() {
    let world = HeapWorld()
    let other = world.thread()
    var live: [UInt] = []
    for sizeClass in 1..<SizeClass.count {
      let heap = world.thread()
      let slotSize = SizeClass.slotSize(sizeClass)
      let slots = HeapWorld.slots(slotSize)
      var objects = world.allocate(2 * slots + 3, of: slotSize, from: heap)
      for _ in 0..<min(slots / 2, 10) { world.free([objects.remove(at: slots)], by: heap) }
      world.free([objects.remove(at: 0)], by: other)
      world.check("class \(sizeClass):")
      world.end(heap)
      world.check("class \(sizeClass), after the end:")
      for address in objects { XCTAssertNotEqual(world.run(address).currentOwner.heap, heap) }
      live += objects
    }
    world.free(live, by: other)
    world.finish()
  }

  /// What an ended thread can't leave, as somebody is freeing a slot of it, stays with its heap for the next thread,
  /// and is not a program's to destroy.
  func testASlabThatCannotBeLeft() {
    let world = HeapWorld()
    let heap = world.thread()
    let live = world.allocate(10, of: size, from: heap)
    let slab = world.run(live[0])
    // Another thread has begun to free one.
    slab.mark(slab.slot(at: live[0]).index).pointee = Mark.remote
    XCTAssertEqual(slab.addRemoteFree().heap, heap)
    world.end(heap)
    XCTAssertEqual(slab.currentOwner.heap, heap)
    XCTAssertFalse(slab.pointee.isOrphan)
    let explicit = world.explicit()
    XCTAssertNotEqual(explicit, heap)
    _ = world.allocate(10, of: size, from: explicit)
    // The other thread tells the owner.
    slab.pointee.remoteHint = 0
    slab.pointee.remoteNext = nil
    heap.pointee.remote.store(slab.address, ordering: .releasing)
    world.check("it is idle:")
    XCTAssertEqual(world.destroy(explicit), 10)
    XCTAssertEqual(slab.usedSlots, 10, "objects of the ended thread")
    let next = world.thread()
    XCTAssertEqual(next, heap)
    XCTAssertTrue(next.collectRemote())
    world.check("taken again:")
    world.free(live[1...], by: next)
    world.finish()
  }

  func testDestroyingAHeapFreesEverything() {
    let world = HeapWorld()
    let other = world.thread()
    let before = world.pool.pointee.counts
    var random = SeededRandom(stream: 320)
    for _ in 0..<3 {
      let heap = world.explicit()
      var live: [UInt] = []
      for _ in 0..<2000 {
        let size = UInt(1 + random.below(1 << (4 + random.below(15))))
        live.append(UInt(bitPattern: heap.allocate(size)))
        if random.below(3) == 0 {
          let address = live.remove(at: random.below(live.count))
          if random.below(2) == 0 {
            world.free(address, by: other)
          } else {
            XCTAssertEqual(heap.own.deallocate(address), .ok)
          }
        }
      }
      XCTAssertFalse(live.contains(0))
      XCTAssertGreaterThan(world.pool.pointee.counts.largeLive, 0)
      guard world.check(SeededRandom.hint) else { return }
      XCTAssertEqual(world.destroy(heap), UInt(live.count), SeededRandom.hint)
      world.check(SeededRandom.hint)
      XCTAssertEqual(world.pool.pointee.counts.slabs, before.slabs)
      XCTAssertEqual(world.pool.pointee.counts.large, 0)
    }
    world.finish()
  }

  /// A destroyed heap, an idle one and one without objects serve nobody until they are taken again.
  func testADestroyedHeapIsNone() {
    let world = HeapWorld()
    let heap = world.explicit()
    let address = UInt(bitPattern: heap.allocate(100))
    let foreign = world.allocate(1, of: 100, from: world.thread())
    XCTAssertEqual(heap.own.deallocate(foreign[0]), Status.foreignPointer)
    XCTAssertEqual(world.destroy(heap), 1)
    XCTAssertFalse(heap.isInitialized)
    XCTAssertEqual(heap.own.deallocate(address), Status.notInitialized)
    XCTAssertEqual(world.explicit(), heap, "its memory is used again")
    world.free(foreign, by: world.heaps[0])
    world.finish()
  }

  /// An explicit heap takes no orphan: destroying it would free what is not its own.
  func testAnExplicitHeapTakesNoOrphan() {
    let world = HeapWorld()
    let heap = world.thread()
    let live = world.allocate(3, of: size, from: heap)
    world.end(heap)
    let explicit = world.explicit()
    XCTAssertNotEqual(world.run(UInt(bitPattern: explicit.allocate(size))), world.run(live[0]))
    XCTAssertEqual(world.destroy(explicit), 1)
    world.check()
    world.free(live, by: world.thread())
    world.finish()
  }
}
