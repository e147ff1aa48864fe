import XCTest

@testable import SlabMalloc

/// Large objects in mappings of their own: they cost one descriptor, grow and shrink with their mapping, and go at
/// once.
final class LoneRunTests: XCTestCase {
  private let mib: UInt = 1 << 20

  private func allocate(_ size: UInt, _ heap: HeapPointer) -> UInt { UInt(bitPattern: heap.allocate(size)) }

  private func byte(_ address: UInt) -> UnsafeMutablePointer<UInt8> { UnsafeMutablePointer(bitPattern: address)! }

  private func fill(_ address: UInt, _ bytes: UInt) {
    for offset in stride(from: UInt(0), to: bytes, by: 4096) {
      byte(address + offset).pointee = UInt8(offset >> 12 & 127)
    }
  }

  private func holds(_ address: UInt, _ bytes: UInt) -> Bool {
    stride(from: UInt(0), to: bytes, by: 4096).allSatisfy { byte(address + $0).pointee == UInt8($0 >> 12 & 127) }
  }

  func testFromWhichSizeOnARunIsLone() {
    for (profile, least) in [(Profile.checked, 32 * mib), (.hardened, 8 * mib)] {
      let world = HeapWorld(profile: profile)
      let heap = world.thread()
      let guards = profile == .hardened ? PageRun.pageSize : 0
      for (size, isLone) in [(least - guards - 1 << 16, false), (least - guards, true), (500 * mib, true)] {
        let object = allocate(size, heap)
        XCTAssertEqual(world.run(object).pointee.isLone, isLone, "\(size) bytes")
        XCTAssertEqual(world.pool.usableSize(object), size)
        world.check()
        world.free([object], by: heap)
      }
      world.finish()
    }
  }

  /// Its pages have no descriptors, and it is unmapped as soon as it is freed.
  func testALoneRunCostsItsMappingAlone() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let heap = world.thread()
      // The descriptor's page of metadata stays.
      world.free([allocate(500 * mib, heap)], by: heap)
      let (held, reserved) = (world.pages.held, HeapSystem.current.reservedBytes)
      let tableLimit = world.runs.pointee.segments[0]!.pointee.tableLimit
      let object = allocate(500 * mib, heap)
      let guards = profile == .hardened ? 2 * PageRun.pageSize : 0
      XCTAssertEqual(HeapSystem.current.reservedBytes - reserved, 500 * mib + guards)
      XCTAssertEqual(world.runs.pointee.segments[0]!.pointee.tableLimit, tableLimit)
      world.check()
      world.free([object], by: heap)
      XCTAssertEqual(world.pages.held, held)
      XCTAssertEqual(HeapSystem.current.reservedBytes, reserved)
      XCTAssertEqual(world.pages.dirty, world.runs.dirtyBytes)
      world.finish()
    }
  }

  func testALoneRunIsAlignedAndNoPageIsHeldForThat() {
    for (profile, pageSize) in [(Profile.checked, 4096), (.checked, 16384), (.hardened, 4096)] {
      let world = HeapWorld(pageSize: pageSize, profile: profile)
      let heap = world.thread()
      let before = HeapSystem.current.reservedBytes
      for shift in 16...28 {
        let object = heap.allocate(100 * mib, alignment: 1 << shift)
        XCTAssertEqual(object % (1 << shift), 0)
        XCTAssertTrue(world.run(object).pointee.isLone)
        XCTAssertTrue(world.pool.isRight(object, size: 100 * mib, alignment: 1 << shift))
        XCTAssertLessThanOrEqual(HeapSystem.current.reservedBytes, before + 100 * mib + 12 * mib)
        world.check("2^\(shift):")
        world.free([object], by: heap)
      }
      // Memory is refused: nothing stays.
      HeapSystem.current.fails = { call, _, bytes in call == .commit && bytes >= 100 * self.mib }
      let reserved = HeapSystem.current.reserved
      for _ in 0..<5 { XCTAssertEqual(heap.allocate(100 * mib, alignment: 1 << 24), 0) }
      XCTAssertEqual(HeapSystem.current.reserved, reserved)
      world.check()
      HeapSystem.current.fails = { _, _, _ in false }
      world.finish()
    }
  }

  func testPointersIntoALoneObjectAreFound() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let heap = world.thread()
      let objects = world.allocate(5, of: 65 * mib, from: heap)
      for object in objects {
        for offset: UInt in [1, 4096, 1 << 16, 33 * mib, 65 * mib - 1] {
          XCTAssertEqual(world.free(object + offset, by: heap), Status.interiorPointer)
          XCTAssertEqual(heap.reallocate(object + offset, 100), 0)
        }
      }
      XCTAssertEqual(world.reports.count, 50)
      world.free(objects, by: heap)
      for object in objects { XCTAssertEqual(world.free(object, by: heap), Status.doubleFree) }
      XCTAssertEqual(world.reports.count, 5)
      world.finish()
    }
  }

  /// One that was used is kept for the next that is about as large, until it is due for purging.
  func testALoneRunIsKeptForTheNext() {
    let world = HeapWorld(purgeDelay: 100, retain: 200 * mib)
    let heap = world.thread()
    let object = allocate(64 * mib, heap)
    byte(object).pointee = 1
    world.free([object], by: heap)
    XCTAssertEqual(world.runs.dirtyBytes, 64 * mib)
    XCTAssertEqual(world.free(object, by: heap), Status.doubleFree)
    XCTAssertEqual(world.reports, [Status.doubleFree])
    world.check("kept:")
    let others = [allocate(50 * mib, heap), allocate(65 * mib, heap)]
    XCTAssertFalse(others.contains(object), "too small, or too large")
    let again = heap.allocateZeroed(60 * mib)
    XCTAssertEqual(again, object)
    XCTAssertEqual(byte(again).pointee, 0)
    XCTAssertEqual(world.runs.dirtyBytes, 0)
    world.check("taken:")
    let reserved = HeapSystem.current.reservedBytes
    world.free([again], by: heap)
    HeapSystem.current.now += 200
    world.runs.purgeIfDue()
    XCTAssertEqual(world.runs.dirtyBytes, 0)
    XCTAssertEqual(HeapSystem.current.reservedBytes, reserved - 64 * mib)
    // Above the limit they go at once, and one that is larger than that is not kept.
    world.free(others, by: heap)
    XCTAssertEqual(world.runs.dirtyBytes, 115 * mib)
    world.free([allocate(201 * mib, heap)], by: heap)
    XCTAssertEqual(world.runs.dirtyBytes, 115 * mib)
    world.free([allocate(190 * mib, heap)], by: heap)
    XCTAssertLessThanOrEqual(world.runs.dirtyBytes, 100 * mib)
    world.check("freed:")
    world.finish()
  }

  /// If the system refuses memory, what is kept goes first.
  func testKeptLoneRunsMakeRoom() {
    for size in [40 * mib, 20 * mib, 1000] {
      let world = HeapWorld(retain: 200 * mib)
      let heap = world.thread()
      let small = world.allocate(500, of: 8000, from: heap)
      world.free([allocate(100 * mib, heap)], by: heap)
      HeapSystem.current.fails = { call, _, _ in call == .reserve || call == .map }
      var live: [UInt] = []
      while live.count < 10_000, let object = heap.allocate(size) {
        live.append(UInt(bitPattern: object))
        if HeapSystem.current.count(.unmap) > 0 { break }
      }
      XCTAssertGreaterThan(HeapSystem.current.count(.unmap), 0, "\(size)")
      XCTAssertEqual(world.runs.dirtyBytes, 0)
      world.check()
      HeapSystem.current.fails = { _, _, _ in false }
      world.free(live + small, by: heap)
      world.finish()
    }
  }

  /// In any order: the tree finds each of them by each of its bytes, and nothing else.
  func testManyLoneRuns() {
    let world = HeapWorld()
    let heap = world.thread()
    var random = SeededRandom(stream: 370)
    var live: [UInt] = []
    for step in 0..<400 {
      if live.count < 10 || random.below(5) > 1 {
        live.append(allocate(32 * mib + UInt(random.below(4)) << 16, heap))
      } else {
        live.swapAt(random.below(live.count), live.count - 1)
        world.free([live.removeLast()], by: heap)
      }
      guard world.check("step \(step), \(SeededRandom.hint):") else { return }
      let object = live[random.below(live.count)]
      XCTAssertEqual(world.run(object + UInt(random.below(32 << 20))).pointee.start, object)
    }
    world.free(live, by: heap)
    world.finish()
  }

  /// The mapping grows where it is, or moves; the bytes are never copied.
  func testGrowing() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let heap = world.explicit()
      var object = allocate(32 * mib, heap)
      fill(object, 32 * mib)
      for size in stride(from: 33 * mib, through: 64 * mib, by: 3_000_000) {
        object = heap.own.reallocate(object, size, alignment: 1)
        XCTAssertNotEqual(object, 0)
        XCTAssertTrue(holds(object, 32 * mib))
        let usable = world.pool.usableSize(object)
        XCTAssertGreaterThanOrEqual(usable, size)
        XCTAssertEqual(byte(object + usable - 1).pointee, 0)
        byte(object + usable - 1).pointee = 7
        if profile == .hardened {
          XCTAssertFalse(HeapSystem.current.isUsable(object - 1) || HeapSystem.current.isUsable(object + usable))
        }
        world.check("\(size):")
      }
      XCTAssertGreaterThan(HeapSystem.current.count(.remap), 0)
      XCTAssertEqual(HeapSystem.current.count(.move), 0)
      XCTAssertEqual(heap.own.deallocate(object), .ok)
      world.finish()
    }
  }

  /// A hardened object that grows by steps moves now and then, and not each time.
  func testAHardenedLoneRunHasRoomToGrow() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    var object = allocate(64 * mib, heap)
    for step in 1...64 { object = heap.reallocate(object, 64 * mib + UInt(step) << 16) }
    XCTAssertEqual(HeapSystem.current.count(.remap), 1)
    world.check()
    world.free([object], by: heap)
    world.finish()
  }

  func testAnObjectThatCannotGrowStaysAsItIs() {
    for profile in [Profile.checked, .hardened] {
      for refused in [HeapSystem.Call.remap, .reserve, .commit] {
        let world = HeapWorld(profile: profile)
        let heap = world.thread()
        let object = allocate(40 * mib, heap)
        fill(object, 40 * mib)
        HeapSystem.current.fails = { call, _, bytes in call == refused || call == .reserve && bytes > 1 << 40 }
        let grown = heap.reallocate(object, 80 * mib)
        let moved = grown == 0 ? object : grown
        XCTAssertTrue(holds(moved, 40 * mib), "\(refused)")
        XCTAssertEqual(world.pool.usableSize(moved), grown == 0 ? 40 * mib : 80 * mib)
        // Without the call that moves a mapping, the bytes are copied.
        if refused == .remap { XCTAssertNotEqual(grown, 0) }
        world.check("\(refused):")
        HeapSystem.current.fails = { _, _, _ in false }
        world.free([moved], by: heap)
        world.finish()
      }
    }
  }

  /// A limit on address space that has no room for a second place: the system moves the mapping.
  func testAnObjectGrowsWhereNoSecondPlaceIs() {
    let world = HeapWorld(profile: .checked)
    let heap = world.thread()
    let object = allocate(40 * mib, heap)
    fill(object, 40 * mib)
    // What lies behind the object keeps it from growing there.
    let end = UnsafeMutableRawPointer(bitPattern: object + UInt(40 * mib))!
    let wall = mmap(end, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)
    HeapSystem.current.fails = { call, _, bytes in call == .reserve && bytes > 60 << 20 }
    let grown = heap.reallocate(object, 80 * mib)
    HeapSystem.current.fails = { _, _, _ in false }
    XCTAssertNotEqual(grown, 0)
    XCTAssertNotEqual(grown, object)
    XCTAssertTrue(holds(grown, 40 * mib))
    XCTAssertEqual(world.pool.usableSize(grown), 80 * mib)
    if wall == end { munmap(wall, 4096) }
    world.check()
    world.free([grown], by: heap)
    world.finish()
  }

  func testShrinkingUnmapsTheEnd() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let heap = world.thread()
      let object = allocate(100 * mib, heap)
      fill(object, 100 * mib)
      for size in [99 * mib, 70 * mib + 5, 20 * mib, 1 * mib, 200_000] {
        XCTAssertEqual(heap.reallocate(object, size), object)
        XCTAssertTrue(holds(object, size & ~4095))
        XCTAssertFalse(HeapSystem.current.isUsable(object + roundUp(size, to: PageRun.pageSize)))
        XCTAssertLessThan(world.run(object).bytes, size + 3 * PageRun.pageSize)
        world.check("\(size):")
      }
      let grown = heap.reallocate(object, 300_000)
      XCTAssertTrue(holds(grown, 196_608))
      world.free([grown], by: heap)
      world.finish()
    }
  }

  /// While the system unmaps or moves memory, other threads take and free runs, lone ones too.
  func testOthersWorkWhileTheSystemUnmaps() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let (heap, other) = (world.thread(), world.thread())
      var live = [allocate(200 * mib, heap), allocate(200 * mib, heap), allocate(200 * mib, heap)]
      var during: [UInt] = []
      var isWorking = false
      HeapSystem.current.duringUnmap = {
        guard !isWorking else { return }
        isWorking = true
        during += [self.allocate(100 * self.mib, other), self.allocate(1000, other), self.allocate(300_000, other)]
        XCTAssertEqual(world.free(during.removeFirst(), by: other), .ok)
        XCTAssertNil(world.pool.locked { world.pool.violation() })
        isWorking = false
      }
      world.free([live.removeFirst()], by: heap)
      XCTAssertGreaterThan(during.count, 0)
      HeapSystem.current.duringUnmap = {}
      world.check()
      world.free(live + during, by: heap)
      world.finish()
    }
  }

  /// The kernel lets nobody else map while it unmaps: touched memory goes in pieces, and untouched in few.
  func testAGiantIsPurgedInPiecesBeforeItIsUnmapped() {
    for (isTouched, pieces) in [(false, 6...10), (true, 63...64)] {
      let world = HeapWorld()
      let heap = world.thread()
      let object = allocate(1024 * mib, heap)
      HeapSystem.current.duringPurge = { HeapSystem.current.now += isTouched ? 1 : 0 }
      world.free([object], by: heap)
      XCTAssertTrue(pieces.contains(HeapSystem.current.count(.purge)), "\(HeapSystem.current.count(.purge))")
      HeapSystem.current.duringPurge = {}
      world.finish()
    }
  }
}
