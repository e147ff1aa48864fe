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

  /// Each byte behind what was asked for, up to the canary or 32 of them; and none after a look at the usable size.
  func testAWriteToTheSlackIsFound() {
    for size: UInt in [1, 7, 8, 9, 24, 25, 30, 95, 96, 100, 120, 500, 1000, 4096, 20_000] {
      for alignment: UInt in [1, 64, 4096] {
        let world = HeapWorld(profile: .hardened)
        let (heap, other) = (world.thread(), world.thread())
        let object = heap.allocate(size, alignment: alignment)
        let room = UInt(world.run(object).pointee.slotSize) - Canary.size
        for end in size..<min(room, size + 32) {
          byte(object + end).pointee = 0x80
          XCTAssertEqual(world.free(object, by: end % 2 == 0 ? heap : other), Status.overflow, "\(size) \(end)")
          XCTAssertEqual(world.reports, [Status.overflow])
          byte(object + end).pointee = 0
        }
        byte(object).initialize(repeating: 0xFF, count: Int(size))
        let again = heap.allocate(size, alignment: alignment)
        XCTAssertEqual(world.free(object, by: heap), .ok)
        XCTAssertEqual(usable(world, again), room)
        byte(again).initialize(repeating: 0xFF, count: Int(room))
        XCTAssertEqual(world.free(again, by: other), .ok)
        world.finish()
      }
    }
  }

  func testTheSlackIsThatOfTheLastSize() {
    let world = HeapWorld(profile: .hardened)
    let (heap, explicit) = (world.thread(), world.explicit())
    func isFound(_ object: UInt, _ end: UInt, _ free: () -> Status) {
      byte(object + end).pointee = 1
      XCTAssertEqual(free(), Status.overflow, "\(end)")
      byte(object + end).pointee = 0
    }
    let object = UInt(bitPattern: heap.allocate(100))
    byte(object).initialize(repeating: 0xFF, count: 100)
    for size: UInt in [97, 104, 98, 100, 103] {
      XCTAssertEqual(heap.reallocate(object, size), object)
      byte(object).initialize(repeating: 0xFF, count: Int(size))
      isFound(object, size) { world.free(object, by: heap) }
      XCTAssertEqual(world.reports, [Status.overflow])
    }
    // By more than what is looked at, and a little up again.
    let long = UInt(bitPattern: heap.allocate(3000))
    byte(long).initialize(repeating: 0xFF, count: 3000)
    for size: UInt in [2800, 2810, 3000] { XCTAssertEqual(heap.reallocate(long, size), long) }
    for end: UInt in 2810..<3000 { XCTAssertEqual(byte(long + end).pointee, 0) }
    XCTAssertEqual(world.free(long, by: heap), .ok)
    // What was written past the object does not become a part of it.
    byte(object + 103).pointee = 1
    XCTAssertEqual(heap.reallocate(object, 104), object)
    XCTAssertEqual(usable(world, object), 104)
    XCTAssertEqual(world.free(object, by: heap), Status.overflow)
    XCTAssertEqual(world.reports, [Status.overflow])
    byte(object + 103).pointee = 0
    XCTAssertEqual(world.free(object, by: heap), .ok)
    let own = UInt(bitPattern: explicit.allocate(100))
    byte(own).initialize(repeating: 0xFF, count: 100)
    for size: UInt in [98, 101] {
      XCTAssertEqual(explicit.own.resize(own, size), .ok)
      isFound(own, size) { explicit.own.deallocate(own) }
    }
    XCTAssertEqual(explicit.own.usableSize(own), 104)
    byte(own).initialize(repeating: 0xFF, count: 104)
    XCTAssertEqual(explicit.own.deallocate(own), .ok)
    world.finish()
  }

  /// An object whose neighbours are free, two on each side.
  private func loneObject(_ size: UInt, from heap: HeapPointer, _ world: HeapWorld) -> UInt {
    while true {
      let object = UInt(bitPattern: heap.allocate(size))
      let run = world.run(object)
      let index = Int(run.slot(ofAny: object).index)
      let near = [index - 2, index - 1, index + 1, index + 2]
      if near.allSatisfy({ $0 >= 0 && $0 < Int(run.pointee.slotCount) && run.pointee.marks[$0] & Mark.freeBit != 0 }) {
        return object
      }
    }
  }

  /// Each of the 32 bytes before an object and behind its slot. The slot that was written to is retired, and the object
  /// freed.
  func testAWriteBesideAnObjectIsFoundWhenItIsFreed() {
    for (size, stride) in [(8, 1), (24, 1), (40, 1), (100, 1), (4000, 31)] as [(UInt, Int)] {
      let world = HeapWorld(profile: .hardened)
      for heap in [world.thread(), world.explicit()] {
        for offset in Swift.stride(from: -32, to: 32, by: stride) {
          let object = loneObject(size, from: heap, world)
          let slot = UInt(world.run(object).pointee.slotSize)
          let place = UInt(Int(object + (offset < 0 ? 0 : slot)) + offset)
          let distance = offset < 0 ? (UInt(-offset) + slot - 1) / slot * slot : (UInt(offset) / slot + 1) * slot
          let neighbour = offset < 0 ? object - distance : object + distance
          let run = world.run(neighbour)
          byte(place).pointee = 1
          XCTAssertEqual(heap.pointee.explicit != nil ? heap.own.deallocate(object) : world.free(object, by: heap), .ok)
          XCTAssertEqual(world.reports, [Status.writeAfterFree], "\(size) \(offset)")
          XCTAssertEqual(run.mark(run.slot(ofAny: neighbour).index).pointee, Mark.retired)
          XCTAssertEqual(world.free(neighbour, by: heap), .doubleFree)
          XCTAssertEqual(world.free(object, by: heap), .doubleFree)
          XCTAssertEqual(world.reports, [.doubleFree, .doubleFree])
        }
        XCTAssertTrue(world.check())
      }
    }
  }

  /// A byte that is farther away waits until its slot is handed out.
  func testAWriteFartherAwayIsFoundLater() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let object = loneObject(100, from: heap, world)
    byte(object - 33).pointee = 1
    byte(object + 112 + 32).pointee = 1
    XCTAssertEqual(world.free(object, by: heap), .ok)
    XCTAssertEqual(world.reports, [])
    _ = world.allocate(HeapWorld.slots(112), of: 100, from: heap)
    XCTAssertEqual(world.reports, [.writeAfterFree, .writeAfterFree])
  }

  /// Slots that are available, pending, or in quarantine: none is handed out again, and all numbers stay right.
  func testWrittenNeighboursAreRetiredWhereverTheyWait() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    var objects = world.allocate(4 * HeapWorld.slots(32), of: 24, from: heap).shuffled()
    var retired: Set<UInt> = []
    for round in 0..<1000 {
      let freed = (0..<5).map { _ in objects.removeLast() }
      for object in freed { XCTAssertEqual(world.free(object, by: heap), .ok) }
      if let written = freed.first(where: { !retired.contains($0) }), round % 3 == 0 {
        byte(written + 31).pointee = 1
        if let above = objects.firstIndex(of: written + 32) {
          XCTAssertEqual(world.free(objects.remove(at: above), by: heap), .ok)
          XCTAssertEqual(world.reports, [.writeAfterFree])
          retired.insert(written)
        } else {
          byte(written + 31).pointee = 0
        }
      }
      objects.insert(contentsOf: world.allocate(4, of: 24, from: heap), at: round)
    }
    XCTAssertGreaterThan(retired.count, 100)
    XCTAssertTrue(retired.isDisjoint(with: objects))
    XCTAssertTrue(world.check())
    world.free(objects, by: heap)
    XCTAssertEqual(world.reports, [])
    XCTAssertTrue(world.check())
  }

  /// Neighbours that are used are looked at when they are freed, and retired ones never.
  func testANeighbourMayBeUsedOrRetired() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.thread()
    let objects = world.allocate(HeapWorld.slots(24), of: 24, from: heap).sorted()
    for object in objects { byte(object).initialize(repeating: 0xFF, count: 24) }
    let written = objects[10]
    XCTAssertEqual(world.free(written, by: heap), .ok)
    byte(written).pointee = 1
    heap.evictAll()
    XCTAssertNotEqual(UInt(bitPattern: heap.allocate(24)), written)
    XCTAssertEqual(world.reports, [Status.writeAfterFree])
    XCTAssertEqual(world.free(written, by: heap), Status.doubleFree, "it is nobody's")
    XCTAssertEqual(world.reports, [Status.doubleFree])
    world.free(objects.filter { $0 != written }, by: heap)
    XCTAssertEqual(world.reports, [])
  }

  /// Two slabs have keys of their own, and a string that fills its slot shows nothing of the canary.
  func testACanarySaysNothingOfAnotherSlab() {
    let world = HeapWorld(profile: .hardened)
    let objects = world.allocate(10 * HeapWorld.slots(24), of: 24, from: world.thread())
    var keys: [UInt: UInt] = [:]
    for object in objects {
      let canary = Canary.place(object, 32)
      XCTAssertEqual(byte(object + 24).pointee, 0)
      let key = (canary.pointee ^ UInt(bitPattern: canary)) >> 8
      XCTAssertEqual(keys[world.run(object).address, default: key], key)
      keys[world.run(object).address] = key
    }
    XCTAssertGreaterThanOrEqual(keys.count, 10)
    XCTAssertEqual(Set(keys.values).count, keys.count)
  }

  func testAnExplicitHeapSaysWhatWasOverwritten() {
    let world = HeapWorld(profile: .hardened)
    let heap = world.explicit()
    let object = UInt(bitPattern: heap.allocate(24))
    byte(object + 24).pointee ^= 0x80
    XCTAssertEqual(heap.own.deallocate(object), Status.overflow)
    XCTAssertEqual(world.reports, [])
    byte(object + 24).pointee ^= 0x80
    XCTAssertEqual(heap.own.deallocate(object), .ok)
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

  /// They have addresses of their own and no bytes, whoever frees them, and a slab of them goes back like any other.
  func testObjectsOfSizeZeroHaveNoBytes() {
    let world = HeapWorld(profile: .hardened)
    let (heap, other, explicit) = (world.thread(), world.thread(), world.explicit())
    var objects = world.allocate(10_000, of: 0, from: heap)
    objects += (0..<100).map { _ in heap.allocate(0, alignment: 16) } + (0..<100).map { _ in heap.allocateZeroed(0) }
    XCTAssertEqual(Set(objects).count, 10_200)
    XCTAssertTrue(objects.allSatisfy { $0 % 16 == 0 && usable(world, $0) == 0 && world.run($0).isOfEmptyObjects })
    XCTAssertTrue(world.check())
    XCTAssertEqual(world.pool.locked { world.pool.census() }.slots[0], 10_200)
    XCTAssertEqual(world.pool.locked { world.pool.census() }.bytes, 0)
    for (number, object) in objects.enumerated() {
      XCTAssertEqual(world.free(object, by: number % 3 == 0 ? other : heap), .ok)
      XCTAssertEqual(world.free(object, by: number % 5 == 0 ? other : heap), .doubleFree)
    }
    XCTAssertEqual(world.reports.count, 10_200)
    XCTAssertTrue(world.check())
    XCTAssertEqual(world.pool.locked { world.pool.census() }.slots[0], 0)
    // Between two of them there is nothing.
    let object = UInt(bitPattern: heap.allocate(0))
    for offset: UInt in [1, 8, 15] { XCTAssertEqual(world.free(object + offset, by: heap), .interiorPointer) }
    // Another size has another class, and is no longer empty.
    let grown = heap.reallocate(object, 24)
    XCTAssertEqual(usable(world, grown), 24)
    XCTAssertEqual(world.free(grown, by: heap), .ok)
    XCTAssertEqual(world.reports.count, 3)
    let own = UInt(bitPattern: explicit.allocate(0))
    XCTAssertEqual(explicit.own.usableSize(own), 0)
    XCTAssertEqual(explicit.own.deallocate(own, size: 0, alignment: 1), .ok)
    XCTAssertEqual(explicit.own.deallocate(own), .doubleFree)
    _ = explicit.allocate(0)
    world.finish()
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
