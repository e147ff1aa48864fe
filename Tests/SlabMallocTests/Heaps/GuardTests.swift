import XCTest

@testable import SlabMalloc

/// What can't be touched in a hardened process: what lies around slabs and large objects, and what is free.
final class GuardTests: XCTestCase {
  private func isUsable(_ address: UInt) -> Bool { HeapSystem.current.isUsable(address) }

  private func allocate(_ size: UInt, _ heap: HeapPointer) -> UInt { UInt(bitPattern: heap.allocate(size)) }

  /// The bytes before and behind a slab, a large object and metadata.
  func testEveryRunLiesBetweenGuards() {
    for pageSize in [4096, 16384] {
      let world = HeapWorld(pageSize: pageSize, profile: .hardened)
      let heap = world.thread()
      for size: UInt in [16, 3000, 100_000, 200_000, 200_000, 5 << 20] {
        let run = world.run(allocate(size, heap))
        XCTAssertTrue(isUsable(run.pointee.start) && isUsable(run.pointee.start + size - 1), "\(size) bytes")
        XCTAssertFalse(isUsable(run.pointee.start - 1), "before \(size) bytes")
        XCTAssertFalse(isUsable(run.endAddress - 1), "behind \(size) bytes")
      }
      let metadata = world.run(heap.address)
      XCTAssertFalse(isUsable(metadata.pointee.start - 1) || isUsable(metadata.endAddress - 1))
      // Descriptors, too.
      let segment = world.runs.pointee.segments[0]!
      XCTAssertFalse(isUsable(UInt(bitPattern: segment) - 1) || isUsable(segment.pointee.base - 1))
      XCTAssertFalse(isUsable(segment.pointee.tableLimit))
    }
  }

  func testALargeObjectEndsWhereItsUsableSizeDoes() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    for size: UInt in [200_000, 1 << 20, (1 << 20) + 1] {
      let object = allocate(size, heap)
      let usable = world.pool.usableSize(object)
      XCTAssertLessThan(usable - size, 4096)
      XCTAssertTrue(isUsable(object + usable - 1))
      XCTAssertFalse(isUsable(object + usable))
    }
    world.check()
  }

  func testAlignedObjectsLieBetweenGuards() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    for alignment: UInt in [1 << 16, 1 << 18, 1 << 22] {
      let object = heap.allocate(300_000, alignment: alignment)
      XCTAssertEqual(object % alignment, 0)
      XCTAssertFalse(isUsable(object - 1) || isUsable(object + world.pool.usableSize(object)))
      XCTAssertEqual(world.free(object, by: heap), .ok)
    }
    world.finish()
  }

  /// Until its address space is used again, which is not soon.
  func testAFreedLargeObjectCanNotBeTouched() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    for size: UInt in [200_000, 5 << 20] {
      let object = allocate(size, heap)
      XCTAssertEqual(world.free(object, by: heap), .ok)
      XCTAssertFalse(isUsable(object) || isUsable(object + size / 2))
      XCTAssertEqual(world.free(object, by: heap), Status.doubleFree)
      XCTAssertEqual(world.reports, [Status.doubleFree])
    }
    let object = allocate(200_000, heap)
    XCTAssertEqual(world.free(object, by: heap), .ok)
    let others = world.allocate(8, of: 200_000, from: heap)
    XCTAssertFalse(others.contains(object))
    world.free(others, by: heap)
    world.finish()
  }

  func testALargeObjectThatGrowsAndShrinksKeepsItsGuards() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    var object = allocate(200_000, heap)
    for size: UInt in [300_000, 310_000, 3 << 20, 250_000, 249_856, 260_000, 20 << 20, 17 << 20] {
      object = heap.reallocate(object, size)
      let usable = world.pool.usableSize(object)
      XCTAssertTrue(isUsable(object + size - 1), "\(size) bytes")
      XCTAssertFalse(isUsable(object - 1) || isUsable(object + usable), "\(size) bytes")
      // What it grows by reads as 0, whatever was there.
      let bytes = UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: object), count: Int(usable))
      XCTAssertFalse(bytes.contains { $0 != 0 && $0 != 0xA5 }, "\(size) bytes")
      bytes.initializeMemory(as: UInt8.self, repeating: 0xA5)
      world.check()
    }
    XCTAssertEqual(world.free(object, by: heap), .ok)
    world.finish()
  }

  /// A slab's run waits for the next slab as it is: without a call of the system.
  func testSlabsThatComeAndGoCostNoCalls() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    func fillAndEmpty() {
      for size: UInt in [64, 1000, 30_000] {
        world.free(world.allocate(3 * HeapWorld.slots(size), of: size, from: heap), by: heap)
      }
      heap.evictAll()
    }
    fillAndEmpty()
    let commits = HeapSystem.current.count(.commit)
    for _ in 0..<20 { fillAndEmpty() }
    XCTAssertEqual(HeapSystem.current.count(.decommit), 0)
    // Chance says how many slabs there are at once.
    XCTAssertLessThan(HeapSystem.current.count(.commit) - commits, 6)
    // It has memory, until it is purged.
    XCTAssertGreaterThan(world.pages.dirty, 0)
    _ = world.pool.purgeAll(of: heap)
    XCTAssertEqual(world.pages.dirty, 0)
    world.finish()
  }

  func testMemoryThatTheSystemDoesNotMakeUsableIsNotHandedOut() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    HeapSystem.current.fails = { call, _, _ in call == .commit }
    XCTAssertEqual(allocate(200_000, heap), 0)
    XCTAssertEqual(allocate(1000, heap), 0)
    HeapSystem.current.fails = { _, _, _ in false }
    world.check()
    for size: UInt in [200_000, 1000] { XCTAssertEqual(world.free(allocate(size, heap), by: heap), .ok) }
    world.finish()
  }

  /// The system knows only so many mappings: then the guard page between two runs is given up.
  func testWithoutAnotherMappingMemoryIsUsableWithTheGuardBeforeIt() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let first = allocate(1 << 20, heap)
    HeapSystem.current.fails = { call, _, bytes in call == .commit && bytes == 1 << 20 }
    let second = allocate(1 << 20, heap)
    XCTAssertEqual(second, first + (1 << 20) + PageRun.pageSize)
    XCTAssertTrue(isUsable(second - 1) && isUsable(second))
    XCTAssertFalse(isUsable(second + 1 << 20))
    HeapSystem.current.fails = { _, _, _ in false }
    for object in [first, second] { XCTAssertEqual(world.free(object, by: heap), .ok) }
    world.finish()
  }

  /// What can't be put out of reach is cleared all the same before somebody gets it.
  func testAFreedObjectThatStaysUsableIsClearedForTheNext() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let object = allocate(4 << 20, heap)
    let bytes = UnsafeMutablePointer<UInt8>(bitPattern: object)!
    bytes.initialize(repeating: 0xA5, count: 4 << 20)
    HeapSystem.current.fails = { call, _, _ in call == .decommit }
    XCTAssertEqual(world.free(object, by: heap), .ok)
    HeapSystem.current.fails = { _, _, _ in false }
    XCTAssertTrue(isUsable(object))
    XCTAssertEqual(allocate(4 << 20, heap), object)
    XCTAssertFalse((0..<4 << 20).contains { bytes[$0] != 0 })
    XCTAssertEqual(world.free(object, by: heap), .ok)
  }

  /// It is no lone one, which is unmapped, though it is as large.
  func testAnObjectThatGrewWhereItIsCanNotBeTouchedAfterItsFree() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let objects = world.allocate(2, of: 7 << 20, from: heap)
    world.free(objects, by: heap)
    let object = allocate(7 << 20, heap)
    XCTAssertEqual(heap.reallocate(object, 12 << 20), object)
    XCTAssertEqual(world.free(object, by: heap), .ok)
    XCTAssertFalse(isUsable(object) || isUsable(object + 10 << 20))
    world.finish()
  }

  /// A freed object's memory goes at once, and nothing of it becomes resident for the next.
  func testALargeObjectIsPurgedAndNotCleared() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    for size: UInt in [200_000, 1 << 20, 5 << 20] {
      let object = allocate(size, heap)
      let (purged, dirty) = (world.runs.pointee.counts.purged, world.runs.dirtyBytes)
      XCTAssertEqual(world.free(object, by: heap), .ok)
      XCTAssertGreaterThanOrEqual(world.runs.pointee.counts.purged - purged, size)
      XCTAssertEqual(world.runs.dirtyBytes, dirty)
      let again = allocate(size, heap)
      XCTAssertTrue(world.run(again).pointee.isClean)
      world.check()
      XCTAssertEqual(world.free(again, by: heap), .ok)
    }
    world.finish()
  }

  /// Memory that a thread writes to between the purge and the decommit is purged once more.
  func testAWriteWhileAnObjectIsFreedIsPurged() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let object = allocate(5 << 20, heap)
    HeapSystem.current.duringDecommit = { UnsafeMutablePointer<UInt8>(bitPattern: object)!.pointee = 1 }
    XCTAssertEqual(world.free(object, by: heap), .ok)
    HeapSystem.current.duringDecommit = {}
    XCTAssertEqual(allocate(5 << 20, heap), object)
    XCTAssertEqual(UnsafeMutablePointer<UInt8>(bitPattern: object)!.pointee, 0)
    XCTAssertEqual(world.free(object, by: heap), .ok)
    world.finish()
  }

  /// While the run of an empty slab is decommitted, others take and give back what lies around.
  func testOthersWorkWhileAKeptSlabIsDecommitted() {
    let world = HeapWorld(profile: .hardened)
    let (heap, other) = (world.thread(), world.thread())
    let live = world.allocate(2000, of: 3000, from: heap)
    world.free(live, by: heap)
    heap.evictAll()
    heap.trim()
    XCTAssertGreaterThan(world.runs.pointee.kept.dirtyPages, 0)
    var during: [UInt] = []
    var decommits = 0
    HeapSystem.current.duringDecommit = {
      decommits += 1
      // Slabs and a large object, each under the lock.
      guard decommits <= 3 else { return }
      during += world.allocate(20, of: 30_000, from: other) + [self.allocate(200_000, other)]
    }
    world.runs.purge(downTo: 0)
    HeapSystem.current.duringDecommit = {}
    XCTAssertGreaterThan(decommits, 3)
    XCTAssertEqual(world.runs.pointee.kept.dirtyPages, 0)
    world.check()
    world.free(during, by: heap)
    world.finish()
  }

  /// However many objects there are, a hardened process leaves the program most of the system's mappings.
  func testTheNumberOfIslandsIsLimited() {
    let world = HeapWorld(profile: .hardened)
    HeapSystem.current.mappings = 600
    let heap = world.thread()
    var random = SeededRandom(stream: 371)
    var live = world.allocate(300, of: 150_000, from: heap)
    XCTAssertLessThanOrEqual(HeapSystem.current.islands, 110)
    for step in 0..<500 {
      if live.count > 50, random.below(2) == 0 {
        live.swapAt(random.below(live.count), live.count - 1)
        XCTAssertEqual(world.free(live.removeLast(), by: heap), .ok)
      } else if random.below(4) == 0, let last = live.popLast() {
        live.append(heap.reallocate(last, 140_000 + UInt(random.below(300_000))))
      } else {
        live.append(allocate([1000, 30_000, 150_000, 2 << 20, 5 << 20][random.below(5)], heap))
      }
      let object = live.last!
      let end = object + world.pool.usableSize(object)
      for address in stride(from: object, to: end, by: 4096) where !isUsable(address) {
        return XCTFail("out of reach in step \(step), \(SeededRandom.hint)")
      }
      if UnsafePointer<UInt8>(bitPattern: object)!.pointee != 0 { return XCTFail("not 0 in step \(step)") }
      guard HeapSystem.current.islands <= 115 else {
        return XCTFail("\(HeapSystem.current.islands) islands in step \(step), \(SeededRandom.hint)")
      }
      guard step % 50 != 0 || world.check("step \(step):") else { return }
    }
    world.free(live, by: heap)
    world.finish()
    XCTAssertLessThanOrEqual(HeapSystem.current.islands, 20)
  }

  /// What memory goes back is counted once.
  func testAPurgeSaysWhatWentBack() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let heap = world.thread()
      world.free(world.allocate(HeapWorld.slots(64), of: 64, from: heap), by: heap)
      let held = world.pages.held
      XCTAssertLessThanOrEqual(world.pool.purgeAll(of: heap), world.pool.pointee.counts.peak)
      XCTAssertEqual(world.pages.held, held)
      world.finish()
    }
  }

  /// The same where the run before ends with bytes that its object doesn't use.
  func testWithoutAnotherMappingMemoryIsUsableWithAllThatIsNotBeforeIt() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let first = allocate(200_000, heap)
    let usable = world.pool.usableSize(first)
    // The kernel has no mapping left, but one may grow.
    HeapSystem.current.hasMappings = false
    let second = allocate(1 << 20, heap)
    XCTAssertNotEqual(second, 0)
    XCTAssertEqual(second, world.run(first).endAddress)
    XCTAssertTrue(isUsable(first + usable) && isUsable(second))
    // Whatever was written there, it reads as 0 when the object gets it.
    UnsafeMutablePointer<UInt8>(bitPattern: first + usable)!.pointee = 1
    XCTAssertEqual(heap.reallocate(first, usable + 1), first)
    XCTAssertEqual(UnsafeMutablePointer<UInt8>(bitPattern: first + usable)!.pointee, 0)
    HeapSystem.current.hasMappings = true
    for object in [first, second] { XCTAssertEqual(world.free(object, by: heap), .ok) }
    world.finish()
  }

  /// Somebody writes to it after its memory went back, but not out of reach.
  func testAFreedObjectThatStaysUsableAndIsPurgedIsClearedForTheNext() {
    for size: UInt in [200_000, 4 << 20] {
      for grows in [false, true] {
        let world = HeapWorld(profile: .hardened)
        let heap = world.thread()
        let before = allocate(200_000, heap)
        let object = allocate(size, heap)
        let byte = UnsafeMutablePointer<UInt8>(bitPattern: object)!
        HeapSystem.current.fails = { call, _, _ in call == .decommit }
        XCTAssertEqual(world.free(object, by: heap), .ok)
        _ = world.pool.purgeAll(of: heap)
        HeapSystem.current.fails = { _, _, _ in false }
        byte.pointee = 1
        world.pool.locked { world.runs.evictAll() }
        // The same memory once more: by itself, and behind what was before it.
        let next = grows ? heap.reallocate(before, 400_000) : heap.allocateZeroed(size)
        XCTAssertEqual(next, grows ? before : object)
        XCTAssertEqual(byte.pointee, 0, "\(size) bytes")
        world.free(grows ? [next] : [before, next], by: heap)
        world.finish()
      }
    }
  }

  func testALargeObjectThatKeepsItsSizeCostsNoCall() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let object = allocate(200_000, heap)
    let calls = HeapSystem.current.calls
    XCTAssertEqual(heap.reallocate(object, world.pool.usableSize(object)), object)
    XCTAssertEqual(HeapSystem.current.calls, calls)
    XCTAssertEqual(world.free(object, by: heap), .ok)
    world.finish()
  }
}
