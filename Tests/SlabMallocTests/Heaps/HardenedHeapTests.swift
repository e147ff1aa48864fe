import XCTest

@testable import SlabMalloc

/// What the profile hardened finds, and that nobody else pays for it or finds less.
final class HardenedHeapTests: XCTestCase {
  private let sizes: [UInt] = [1, 8, 24, 100, 1000, 8000, 100_000]

  private func byte(_ address: UInt) -> UnsafeMutablePointer<UInt8> { UnsafeMutablePointer(bitPattern: address)! }

  private func usable(_ world: HeapWorld, _ address: UInt) -> UInt { world.pool.usableSize(address) }

  func testAWriteOfOneByteBehindAnObjectIsFoundWhenItIsFreed() {
    let world = HeapWorld(profile: .hardened)
    let (heap, other) = (world.thread(), world.thread())
    for size in sizes {
      for remote in [false, true] {
        let object = UInt(bitPattern: heap.allocate(size))
        let end = byte(object + usable(world, object))
        let before = end.pointee
        end.pointee ^= 1
        XCTAssertEqual(world.free(object, by: remote ? other : heap), Status.overflow, "\(size) bytes")
        XCTAssertEqual(world.reports, [Status.overflow])
        XCTAssertGreaterThan(usable(world, object), 0, "it is still live")
        end.pointee = before
        XCTAssertEqual(world.free(object, by: remote ? other : heap), .ok)
      }
    }
    world.finish()
  }

  func testAnExplicitHeapSaysWhatWasOverwritten() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.explicit()
    let object = UInt(bitPattern: heap.allocate(24))
    byte(object + 24).pointee ^= 0x80
    XCTAssertEqual(heap.deallocateOwn(object), Status.overflow)
    XCTAssertEqual(world.reports, [])
    byte(object + 24).pointee ^= 0x80
    XCTAssertEqual(heap.deallocateOwn(object), .ok)
    world.finish()
  }

  /// Every byte of a freed slot, its canary too.
  func testAWriteToAFreedObjectIsFoundWhenItIsHandedOutAgain() {
    for offset: UInt in 0..<32 {
      let world = HeapWorld(profile: .hardened)
      let heap = world.thread()
      let object = UInt(bitPattern: heap.allocate(24))
      XCTAssertEqual(world.free(object, by: heap), .ok)
      byte(object + offset).pointee = 1
      heap.evictAll()
      let objects = world.allocate(HeapWorld.slots(24), of: 24, from: heap)
      XCTAssertFalse(objects.contains(object), "nobody gets it")
      XCTAssertEqual(world.reports, [Status.writeAfterFree], "offset \(offset)")
    }
  }

  func testASecondFreeIsFoundInQuarantineAndAfter() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    for size in sizes {
      let object = UInt(bitPattern: heap.allocate(size))
      XCTAssertEqual(world.free(object, by: heap), .ok)
      XCTAssertEqual(world.free(object, by: heap), Status.doubleFree)
      heap.evictAll()
      XCTAssertEqual(world.free(object, by: heap), Status.doubleFree)
      XCTAssertEqual(world.reports, [Status.doubleFree, Status.doubleFree])
    }
    world.finish()
  }

  func testAPointerIntoAnObjectIsFound() {
    let world = HeapWorld(profile: .hardened)
    let (heap, other) = (world.thread(), world.thread())
    for size in sizes {
      let object = UInt(bitPattern: heap.allocate(size))
      for heap in [heap, other] {
        XCTAssertEqual(world.free(object + 1, by: heap), Status.interiorPointer)
        XCTAssertEqual(world.reports, [Status.interiorPointer])
      }
      XCTAssertEqual(world.free(object, by: heap), .ok)
    }
    world.finish()
  }

  /// What was freed last is handed out next in every case, if the order is that of a stack, and in about one of a
  /// hundred here.
  func testWhichSlotIsNextCanNotBeForeseen() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    var objects = world.allocate(1000, of: 64, from: heap)
    var again = 0
    for round in 0..<1000 {
      let freed = objects[round]
      XCTAssertEqual(world.free(freed, by: heap), .ok)
      let new = UInt(bitPattern: heap.allocate(64))
      again += new == freed ? 1 : 0
      objects[round] = new
    }
    XCTAssertLessThan(again, 50)
    world.free(objects, by: heap)
    world.finish()
  }

  func testTwoHeapsHandOutInDifferentOrders() {
    let world = HeapWorld(profile: .hardened)
    let orders = [world.thread(), world.thread()].map { heap in
      let objects = world.allocate(64, of: 64, from: heap)
      return objects.map { $0 - world.run($0).pointee.start }
    }
    XCTAssertNotEqual(orders[0], orders[1])
    for order in orders {
      // As in any order of 64 slots, of which two in a row are 1.
      XCTAssertLessThan(zip(order, order.dropFirst()).count { $1 == $0 + 80 }, 16)
    }
    world.check()
  }

  func testMemoryReadsAsZeroWhateverWasThereBefore() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    for _ in 0..<3 {
      let objects = world.allocate(2000, of: 200, from: heap)
      for object in objects {
        let size = usable(world, object)
        XCTAssertEqual(size, 216)
        for offset in 0..<size where byte(object + offset).pointee != 0 { return XCTFail("not 0 at \(offset)") }
        byte(object).initialize(repeating: 0xA5, count: Int(size))
      }
      world.free(objects, by: heap)
      // What was a large object's is carved next.
      let large = UInt(bitPattern: heap.allocate(4 << 20))
      byte(large).initialize(repeating: 0x5A, count: 4 << 20)
      XCTAssertEqual(world.free(large, by: heap), .ok)
    }
    world.finish()
  }

  func testOtherProfilesHaveNoCanaryAndNoGuard() {
    for profile in [Profile.fast, .checked] {
      let world = HeapWorld(profile: profile)
      let heap = world.thread()
      let object = UInt(bitPattern: heap.allocate(64))
      XCTAssertEqual(usable(world, object), 64)
      XCTAssertEqual(HeapSystem.current.count(.decommit), 0)
      XCTAssertEqual(world.free(object, by: heap), .ok)
      XCTAssertEqual(world.free(object, by: heap), Status.doubleFree)
      XCTAssertEqual(world.reports, [Status.doubleFree])
      world.finish()
    }
  }
}
