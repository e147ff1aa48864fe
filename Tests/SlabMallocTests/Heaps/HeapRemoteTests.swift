import XCTest

@testable import SlabMalloc

/// Remote frees: two heaps stand for two threads, and a free can stop between any two of its steps.
final class HeapRemoteTests: XCTestCase {
  private let size: UInt = 512
  private var slots: Int { HeapWorld.slots(size) }

  private func withThreads(_ body: (HeapWorld, _ owner: HeapPointer, _ other: HeapPointer) -> Void) {
    let world = HeapWorld()
    let (owner, other) = (world.thread(), world.thread())
    body(world, owner, other)
    world.finish()
  }

  /// The first two steps of a remote free: the mark and the number. Returns whether the thread is the slab's notifier.
  private func begin(_ address: UInt, _ world: HeapWorld) -> Bool {
    let run = world.run(address)
    let mark = run.atomicMark(run.slot(at: address).index).pointee.compareExchange(
      expected: Mark.used, desired: Mark.remote, ordering: .acquiringAndReleasing)
    XCTAssertTrue(mark.exchanged)
    return run.addRemoteFree().remoteFrees == 0
  }

  /// The last: the notifier tells the owner.
  private func push(_ address: UInt, _ world: HeapWorld) {
    let run = world.run(address)
    let owner = run.currentOwner.heap!
    run.pointee.remoteHint = run.slot(at: address).index
    run.pointee.remoteNext = RunPointer(bitPattern: owner.pointee.remote.load(ordering: .relaxed))
    owner.pointee.remote.store(run.address, ordering: .releasing)
  }

  /// A handler that allocates while its heap, which needs a slot, collects.
  func testAHandlerThatAllocatesTakesNoSlotsAway() {
    withThreads { world, owner, other in
      let live = world.allocate(slots, of: size, from: owner)
      let slab = world.run(live[0])
      world.free(live[5], by: other)
      // Its owner has freed it at the same moment.
      slab.mark(slab.slot(at: live[5]).index).pointee = Mark.used
      var more: UInt = 0
      HeapWorld.onReport = { [size] in more = UInt(bitPattern: owner.allocate(size)) }
      let object = UInt(bitPattern: owner.allocate(size))
      XCTAssertEqual(world.reports, [Status.doubleFree])
      XCTAssertNotEqual(object, more)
      world.check()
      world.free(live + [object, more], by: owner)
    }
  }

  func testARemoteFreeWaitsForTheOwner() {
    withThreads { world, owner, other in
      let live = world.allocate(10, of: size, from: owner)
      let slab = world.run(live[0])
      world.free(live[..<4], by: other)
      XCTAssertEqual(slab.usedSlots, 10)
      XCTAssertEqual(slab.currentOwner.remoteFrees, 4)
      XCTAssertEqual(owner.pointee.remote.load(ordering: .relaxed), slab.address)
      world.check()
      XCTAssertTrue(owner.collectRemote())
      XCTAssertFalse(owner.collectRemote())
      XCTAssertEqual(slab.usedSlots, 6)
      XCTAssertEqual(slab.currentOwner.remoteFrees, 0)
      world.check()
      world.free(live[4...], by: owner)
    }
  }

  /// Each slab is on its owner's stack once, however many slots are freed.
  func testManySlabsWait() {
    withThreads { world, owner, other in
      let sizes: [UInt] = [16, 64, 256, 512]
      let live = sizes.map { world.allocate(HeapWorld.slots($0), of: $0, from: owner) }
      for round in 0..<2 { for addresses in live { world.free(addresses[round * 5..<round * 5 + 5], by: other) } }
      world.check()
      var waiting = 0
      var next = RunPointer(bitPattern: owner.pointee.remote.load(ordering: .relaxed))
      while let run = next {
        waiting += 1
        XCTAssertEqual(run.currentOwner.remoteFrees, 10)
        next = run.pointee.remoteNext
      }
      XCTAssertEqual(waiting, sizes.count)
      XCTAssertTrue(owner.collectRemote())
      world.check()
      for addresses in live { world.free(addresses[10...], by: owner) }
    }
  }

  /// The owner comes upon remote frees when its current slab is used up, before it takes a new one.
  func testTheOwnerUsesWhatOthersFreed() {
    withThreads { world, owner, other in
      let live = world.allocate(slots, of: size, from: owner)
      world.free(live, by: other)
      world.check()
      XCTAssertEqual(Set(world.allocate(slots, of: size, from: owner)), Set(live))
      world.check()
      world.free(live, by: owner)
    }
  }

  /// A thread that allocates nothing collects with the first that it frees in a slab of another, and each 64th.
  func testAThreadThatOnlyFreesCollects() {
    withThreads { world, owner, other in
      let third = world.thread()
      let live = world.allocate(slots, of: size, from: owner)
      let more = world.allocate(slots, of: size, from: owner)
      let adopted = world.run(live[0])
      world.free(live[..<1], by: other)
      XCTAssertEqual(adopted.currentOwner.heap, other)
      XCTAssertGreaterThan(slots, 65)
      for (freed, collects) in [(0..<1, true), (1..<64, false), (64..<65, true)] {
        let index = 1 + freed.lowerBound
        world.free(live[index...index], by: third)
        XCTAssertEqual(adopted.currentOwner.remoteFrees, 1)
        world.free(more[freed], by: other)
        XCTAssertEqual(adopted.currentOwner.remoteFrees, collects ? 0 : 1, "\(freed)")
        world.check()
        if !collects { XCTAssertTrue(other.collectRemote()) }
      }
      world.free(live[3..<64] + live[66...] + more[65...], by: owner)
      world.free(live[64...64], by: other)
    }
  }

  /// The word of the owner has a number in it by then.
  func testTheOwnerFreesWhileRemoteFreesWait() {
    withThreads { world, owner, other in
      let live = world.allocate(10, of: size, from: owner)
      let slab = world.run(live[0])
      world.free(live[..<2], by: other)
      world.free(live[2..<4], by: owner)
      XCTAssertEqual(slab.currentOwner.remoteFrees, 2)
      XCTAssertEqual(slab.usedSlots, 8)
      XCTAssertEqual(world.free(live[3], by: owner), .doubleFree)
      XCTAssertEqual(world.free(live[4] + 16, by: owner), .interiorPointer)
      XCTAssertEqual(world.reports, [.doubleFree, .interiorPointer])
      XCTAssertEqual(UInt(bitPattern: owner.allocate(size)), live[3])
      world.check()
      world.free(live[3...], by: owner)
    }
  }

  func testASlabOfWhichOthersFreedEverythingGoesBack() {
    withThreads { world, owner, other in
      let live = world.allocate(slots + 1, of: size, from: owner)
      let slab = world.run(live[0])
      world.free(live[..<1], by: owner)
      XCTAssertEqual(slab.currentOwner.heap, owner)
      // A ready slot would keep the slab.
      world.bin(owner, size).emptyStack()
      world.free(live[1..<slots], by: other)
      XCTAssertEqual(slab.pointee.kind, .slab)
      world.check()
      XCTAssertTrue(owner.collectRemote())
      XCTAssertEqual(slab.pointee.kind, .free)
      world.check()
      world.free(live[slots...], by: owner)
    }
  }

  func testADoubleFreeIsFoundWhoeverFrees() {
    withThreads { world, owner, other in
      let live = world.allocate(4, of: size, from: owner)
      let doubleFree = Status.doubleFree
      // Own, then remote; remote, then remote; remote, then own; and after the owner has collected.
      XCTAssertEqual(world.free(live[0], by: owner), .ok)
      XCTAssertEqual(world.free(live[0], by: other), doubleFree)
      XCTAssertEqual(world.free(live[1], by: other), .ok)
      XCTAssertEqual(world.free(live[1], by: other), doubleFree)
      XCTAssertEqual(world.free(live[1], by: owner), doubleFree)
      world.check()
      _ = owner.collectRemote()
      XCTAssertEqual(world.free(live[1], by: other), doubleFree)
      XCTAssertEqual(world.free(live[1], by: owner), doubleFree)
      // Into an object, and past the last.
      for heap in [owner, other] {
        XCTAssertEqual(world.free(live[2] + 16, by: heap), Status.interiorPointer)
        XCTAssertEqual(world.free(live[2] + 1, by: heap), Status.interiorPointer)
      }
      XCTAssertEqual(world.reports.count, 9)
      world.check()
      world.free(live[2...], by: owner)
    }
  }

  /// A slab stays its owner's between a free's number and its notification.
  func testNoSlabIsGivenUpWhileAFreeIsUnderWay() {
    withThreads { world, owner, other in
      let live = world.allocate(slots, of: size, from: owner)
      let slab = world.run(live[0])
      XCTAssertTrue(begin(live[0], world))
      // The owner needs another slab, and would give this one up.
      let next = world.allocate(1, of: size, from: owner)
      XCTAssertEqual(slab.currentOwner.heap, owner)
      XCTAssertEqual(slab.pointee.place, .sparse)
      push(live[0], world)
      world.check()
      XCTAssertTrue(owner.collectRemote())
      XCTAssertEqual(slab.usedSlots, UInt(slots - 1))
      XCTAssertEqual(world.bin(owner, size).stackCount, 1, "ready at once")
      world.check()
      world.free(live[1...] + next, by: owner)
    }
  }

  /// A free whose number is not added yet may be collected for another.
  func testTheOwnerMayCollectAFreeBeforeItIsCounted() {
    withThreads { world, owner, other in
      let live = world.allocate(20, of: size, from: owner)
      let slab = world.run(live[0])
      // Marked, but not counted.
      let early = slab.atomicMark(slab.slot(at: live[1]).index)
      early.pointee.store(Mark.remote, ordering: .relaxed)
      world.free(live[9..<10], by: other)
      slab.pointee.remoteHint = 0
      XCTAssertTrue(owner.collectRemote())
      XCTAssertEqual(early.pointee.load(ordering: .relaxed), Mark.free)
      XCTAssertEqual(slab.usedSlots, 19)
      // Now it is counted, and stands for the one that was left.
      XCTAssertEqual(slab.addRemoteFree().remoteFrees, 0)
      push(live[1], world)
      world.check()
      XCTAssertTrue(owner.collectRemote())
      XCTAssertEqual(slab.usedSlots, 18)
      world.check()
      world.free(live[..<1] + live[2..<9] + live[10...], by: owner)
    }
  }

  /// An owner's free and another's at once: the second is found when it is collected, or counted.
  func testAFreeByTwoAtOnce() {
    withThreads { world, owner, other in
      let live = world.allocate(10, of: size, from: owner)
      let slab = world.run(live[0])
      XCTAssertTrue(begin(live[0], world))
      // The owner had looked at the mark before.
      slab.mark(slab.slot(at: live[0]).index).pointee = Mark.used
      XCTAssertEqual(world.free(live[0], by: owner), .ok)
      push(live[0], world)
      XCTAssertTrue(owner.collectRemote())
      XCTAssertEqual(world.reports, [Status.doubleFree])
      world.check()
      world.free(live[1...], by: owner)
    }
  }

  func testAFreeOfASlabThatItsOwnerHasJustEmptied() {
    withThreads { world, owner, other in
      let live = world.allocate(slots + 1, of: size, from: owner)
      let slab = world.run(live[0])
      // The other thread has looked at the run and is about to add to its number.
      world.free(live[..<slots], by: owner)
      world.bin(owner, size).emptyStack()
      XCTAssertEqual(slab.pointee.kind, .free)
      let before = slab.addRemoteFree()
      XCTAssertTrue(before.isNoSlab)
      slab.cancelRemoteFree()
      world.check()
      world.free(live[slots...], by: owner)
    }
  }

  /// Heaps of a program free remotely and are freed to like those of threads; they keep their full slabs.
  func testRemoteFreesOfAnExplicitHeap() {
    withThreads { world, _, other in
      let explicit = world.explicit()
      let live = world.allocate(3 * slots, of: size, from: explicit)
      XCTAssertTrue(live.allSatisfy { world.run($0).currentOwner.heap == explicit })
      world.check()
      world.free(live[..<slots], by: other)
      world.check()
      XCTAssertEqual(explicit.own.deallocate(live[0]), Status.doubleFree)
      XCTAssertEqual(explicit.own.deallocate(live[slots]), .ok)
      XCTAssertEqual(explicit.own.deallocate(live[slots] + 8), Status.interiorPointer)
      XCTAssertEqual(Set(world.allocate(slots + 1, of: size, from: explicit)), Set(live[...slots]))
      world.check()
      XCTAssertEqual(world.destroy(explicit), UInt(live.count))
      world.check()
    }
  }
}
