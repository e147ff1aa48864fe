import XCTest

@testable import SlabMalloc

/// Slots of one class: ready, pending and available ones, and where slabs go as they fill and empty.
final class HeapBinTests: XCTestCase {
  private let size: UInt = 256
  private var slots: Int { HeapWorld.slots(size) }
  /// The room of a bin's first stack.
  private var ready: Int { Int(HeapBin.shortStack) }

  private func withHeap(_ body: (HeapWorld, HeapPointer, HeapBinPointer) -> Void) {
    let world = HeapWorld()
    let heap = world.thread()
    body(world, heap, world.bin(heap, size))
    world.finish()
  }

  func testWhatIsFreedLastComesFirst() {
    withHeap { world, heap, _ in
      let live = world.allocate(ready, of: size, from: heap)
      world.free(live[1...], by: heap)
      XCTAssertEqual(world.allocate(ready - 1, of: size, from: heap), live[1...].reversed())
      world.check()
      world.free(live, by: heap)
    }
  }

  func testWhatTheStackHasNoRoomForBecomesAvailable() {
    withHeap { world, heap, bin in
      let live = world.allocate(slots, of: size, from: heap)
      let slab = world.run(live[0])
      XCTAssertEqual(bin.pointee.current, slab)
      world.free(live[..<ready], by: heap)
      XCTAssertEqual(slab.pointee.available, 0)
      XCTAssertEqual(bin.pointee.top, bin.pointee.limit)
      world.free(live[ready..<ready + 10], by: heap)
      XCTAssertEqual(slab.pointee.available, 10)
      XCTAssertEqual(Int(slab.usedSlots), slots - ready - 10)
      world.check()
      world.free(live[(ready + 10)...], by: heap)
    }
  }

  /// The first slab is small, and each further one has twice its pages, up to a full one.
  func testEverySlotOfASlabIsServedOnceBeforeTheNext() {
    for index in 1..<SizeClass.count {
      let slotSize = SizeClass.slotSize(index)
      let world = HeapWorld()
      let heap = world.thread()
      var (live, pages): ([UInt], UInt) = ([], HeapBin.firstPages(slotSize))
      for _ in 0..<6 {
        let slots = Int(pages << PageRun.pageShift / slotSize)
        let next = world.allocate(slots, of: slotSize, from: heap)
        let slab = world.run(next[0])
        XCTAssertEqual(UInt(slab.pointee.pages), pages, "slots of \(slotSize)")
        XCTAssertEqual(Int(slab.pointee.slotCount), slots, "slots of \(slotSize)")
        XCTAssertTrue(next.allSatisfy { world.run($0) == slab }, "slots of \(slotSize)")
        XCTAssertTrue(next.allSatisfy { $0 % 16 == 0 && $0 + slotSize <= slab.endAddress })
        world.check("slots of \(slotSize):")
        live += next
        pages = min(2 * pages, HeapBin.pages(slotSize))
      }
      XCTAssertEqual(Set(live).count, live.count)
      world.free(live, by: heap)
      world.finish()
    }
  }

  /// A thread that ends leaves the next one a small start.
  func testThreadsStartSmall() {
    let world = HeapWorld()
    for _ in 0..<2 {
      let heap = world.thread()
      let live = world.allocate(8, of: 20_000, from: heap)
      let pages = [0, 7].map { UInt(world.run(live[$0]).pointee.pages) }
      XCTAssertEqual(pages, [HeapBin.firstPages(20_480), 2 * HeapBin.firstPages(20_480)])
      world.free(live, by: heap)
      world.end(heap)
    }
    world.finish()
  }

  func testHardenedSlabsAreFull() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let object = UInt(bitPattern: heap.allocate(20_000))
    XCTAssertEqual(UInt(world.run(object).pointee.pages), HeapBin.pages(20_480) + 1)
    world.free([object], by: heap)
    world.finish()
  }

  /// A full slab is nobody's, and adopted by the next who frees a slot of it.
  func testAFullSlabIsGivenUpAndAdopted() {
    withHeap { world, heap, bin in
      let other = world.thread()
      let live = world.allocate(slots + 1, of: size, from: heap)
      let slab = world.run(live[0])
      XCTAssertTrue(slab.currentOwner.isNobody)
      XCTAssertEqual(slab.pointee.place, .unlisted)
      world.check()
      world.free(live[..<1], by: other)
      XCTAssertEqual(slab.currentOwner.heap, other)
      XCTAssertEqual(slab.pointee.place, .sparse)
      world.check("adopted:")
      // From now on what the first heap frees of it is remote.
      world.free(live[1..<3], by: heap)
      XCTAssertEqual(slab.currentOwner.remoteFrees, 2)
      world.check("remote frees:")
      XCTAssertTrue(other.collectRemote())
      XCTAssertEqual(slab.pointee.available, 3)
      world.check("collected:")
      world.free(live[3..<slots], by: other)
      XCTAssertEqual(slab.pointee.kind, .free)
      world.check("empty:")
      world.free(live[slots...], by: heap)
    }
  }

  /// A sixteenth of a slab's slots makes it partial, whoever frees them.
  func testASparseSlabBecomesPartial() {
    for isRemote in [false, true] {
      withHeap { world, heap, bin in
        let other = world.thread()
        let live = world.allocate(2 * slots, of: size, from: heap)
        let slab = world.run(live[0])
        let threshold = slots / 16
        XCTAssertEqual(Int(slab.threshold), threshold)
        // Another slab's slots fill the stack.
        world.free(live[slots..<slots + ready], by: heap)
        for count in 1..<threshold {
          world.free(live[count..<count + 1], by: heap)
          XCTAssertEqual(slab.pointee.place, .sparse, "\(count) slots")
          XCTAssertEqual(bin.pointee.sparse.first, slab)
          world.check()
        }
        world.free(live[threshold..<threshold + 1], by: isRemote ? other : heap)
        XCTAssertEqual(heap.collectRemote(), isRemote)
        XCTAssertEqual(slab.pointee.place, .partial)
        XCTAssertEqual(bin.pointee.partial.first, slab)
        XCTAssertNil(bin.pointee.sparse.first)
        world.check()
        world.free(live[..<1] + live[(threshold + 1)..<slots] + live[(slots + ready)...], by: heap)
      }
    }
  }

  /// Partial slabs are opened in turn, sparse ones only when there is no memory.
  func testTheOrderInWhichSlabsAreOpened() {
    withHeap { world, heap, bin in
      let live = world.allocate(4 * slots, of: size, from: heap)
      let slabs = (0..<4).map { world.run(live[$0 * slots]) }
      world.free(live[(3 * slots)..<3 * slots + ready], by: heap)
      // The second and the first become partial, the third sparse.
      world.free(live[slots..<slots + 40], by: heap)
      world.free(live[..<40], by: heap)
      world.free(live[2 * slots..<2 * slots + 3], by: heap)
      XCTAssertEqual(slabs.prefix(3).map { $0.pointee.place }, [.partial, .partial, .sparse])
      _ = world.allocate(ready, of: size, from: heap)
      XCTAssertEqual(Set(world.allocate(40, of: size, from: heap).map { world.run($0) }), [slabs[1]])
      XCTAssertEqual(Set(world.allocate(40, of: size, from: heap).map { world.run($0) }), [slabs[0]])
      world.check()
      // Neither a partial slab nor memory: the sparse one's three slots.
      HeapSystem.current.fails = { _, _, _ in true }
      var last: [UInt] = []
      while let memory = heap.allocate(size) { last.append(UInt(bitPattern: memory)) }
      XCTAssertEqual(Set(last.suffix(3).map { world.run($0) }), [slabs[2]])
      world.check()
      HeapSystem.current.fails = { _, _, _ in false }
      world.free(live + last.filter { !live.contains($0) }, by: heap)
    }
  }

  /// A slab whose slots are all available goes back. A ready slot keeps its slab, and the current one stays.
  func testAnEmptySlabGoesBack() {
    withHeap { world, heap, bin in
      let live = world.allocate(slots + 1, of: size, from: heap)
      let (slab, current) = (world.run(live[0]), world.run(live[slots]))
      world.free(live[..<slots], by: heap)
      XCTAssertEqual(slab.slotsOut, UInt(ready))
      XCTAssertEqual(slab.liveSlots, 0)
      bin.emptyStack()
      XCTAssertEqual(slab.pointee.kind, .free)
      XCTAssertEqual(world.runs.dirtyBytes, slab.bytes)
      world.check()
      world.free(live[slots...], by: heap)
      XCTAssertEqual(current.pointee.kind, .slab)
      XCTAssertEqual(bin.pointee.current, current)
      world.check()
    }
  }

  /// The current slab goes when a look at the clock finds it empty, and with it its memory.
  func testAnEmptyCurrentSlabIsTrimmed() {
    withHeap { world, heap, bin in
      for round in 0..<3 {
        let live = world.allocate(10, of: size, from: heap)
        let slab = world.run(live[0])
        world.free(live, by: heap)
        HeapSystem.current.now += 200
        for _ in 0..<16 { heap.tick() }
        XCTAssertNil(bin.pointee.current, "round \(round)")
        XCTAssertEqual(slab.pointee.kind, .free)
        XCTAssertTrue(slab.pointee.isClean)
        XCTAssertEqual(world.runs.dirtyBytes, 0)
        world.check("round \(round):")
      }
    }
  }

  func testACurrentSlabInUseIsNotTrimmed() {
    withHeap { world, heap, bin in
      let live = world.allocate(10, of: size, from: heap)
      world.free(live[1...], by: heap)
      HeapSystem.current.now += 200
      for _ in 0..<16 { heap.tick() }
      XCTAssertEqual(bin.pointee.current, world.run(live[0]))
      world.check()
      world.free(live[..<1], by: heap)
    }
  }

  /// The room of a stack doubles when slots that it had no room for were wanted, and halves when the heap is trimmed.
  func testAStackHasTheRoomThatAllocationsUse() {
    withHeap { world, heap, bin in
      XCTAssertEqual(bin.stackRoom, 0)
      var room = HeapBin.shortStack
      while true {
        let live = world.allocate(8 * slots, of: size, from: heap)
        world.free(live, by: heap)
        XCTAssertEqual(bin.stackRoom, room, "frees alone make no room")
        XCTAssertEqual(bin.stackCount, room)
        world.check("room for \(room):")
        if room == bin.fullStackRoom { break }
        let wanted = world.allocate(Int(room) + 64, of: size, from: heap)
        room = min(HeapBin.longer(than: room), bin.fullStackRoom)
        XCTAssertEqual(bin.stackRoom, room)
        world.free(wanted, by: heap)
        bin.emptyStack()
        bin.pointee.stackState = HeapBin.hasStack
      }
      let most = room
      while room > HeapBin.shortStack {
        HeapSystem.current.now += 200
        for _ in 0..<16 { heap.tick() }
        room = HeapBin.shorter(than: room)
        XCTAssertEqual(bin.stackRoom, room)
      }
      XCTAssertEqual(most, UInt(HeapWorld.ready(size)))
      world.check()
    }
  }

  /// A thread that only frees gives up its ready slots, which would keep its slabs: no trim is needed.
  func testAThreadThatOnlyFreesKeepsFewSlabs() {
    withHeap { world, heap, bin in
      while bin.stackRoom < bin.fullStackRoom {
        world.free(world.allocate(8 * slots, of: size, from: heap), by: heap)
      }
      let live = world.allocate(500 * slots, of: size, from: heap)
      // One of each slab in turn: the slabs become empty at the very end.
      for slot in 0..<slots {
        for slab in 0..<500 { world.free(live[(slab * slots + slot)...(slab * slots + slot)], by: heap) }
      }
      XCTAssertLessThanOrEqual(bin.stackRoom, 4 * HeapBin.shortStack)
      let kept = Set(live.map { world.run($0) }).filter { $0.pointee.kind == .slab }
      XCTAssertLessThanOrEqual(UInt(kept.count), bin.stackCount + 1)
      world.check()
    }
  }

  /// A heap drains a slab that another one has allocated from: none of its slots becomes ready, and it goes back with
  /// its last one. Once the heap allocates from it, it is a slab like others.
  func testASlabThatAnotherHeapOpenedIsDrained() {
    withHeap { world, heap, bin in
      let other = world.thread()
      let live = world.allocate(slots + 1, of: size, from: heap)
      let slab = world.run(live[0])
      world.free(live[..<4], by: other)
      XCTAssertEqual(slab.currentOwner.heap, other)
      XCTAssertEqual(slab.bin, other.drain)
      XCTAssertEqual(slab.pointee.available, 4)
      XCTAssertTrue(world.bin(other, size).isStackEmpty)
      world.free(live[4..<slots - 1], by: other)
      XCTAssertEqual(slab.slotsOut, 1)
      let taken = world.allocate(1, of: size, from: other)
      XCTAssertEqual(world.run(taken[0]), slab)
      XCTAssertEqual(slab.bin, world.bin(other, size))
      world.check("opened:")
      world.free(taken, by: other)
      XCTAssertEqual(world.bin(other, size).stackCount, 1)
      world.free(live[(slots - 1)...], by: heap)
    }
  }
}
