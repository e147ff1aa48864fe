import XCTest

@testable import SlabMalloc

/// The parts of a hardened zone. What it does with objects is tested through C and by the model.
final class HardenedZoneTests: XCTestCase {
  func testTheQuarantinesFillTheStorageTheyAreGiven() {
    let test = TestZone(page: .kib4, profile: .hardened)
    let zone = test.zone
    let sizes = (0..<SizeClass.count).map {
      Quarantine.size(length: Quarantine.length(slotSize: SizeClass.slotSize($0)))
    }
    XCTAssertEqual(sizes.reduce(0, +), Quarantine.sizeOfAll)
    XCTAssertEqual(sizes.max(), Quarantine.largestSize)
    let start = UInt(bitPattern: zone)
    var place: UInt = start + UInt(ZoneState.hardeningOffset(bins: SizeClass.count))
    XCTAssertEqual(UInt(bitPattern: zone.pointee.hardening), place)
    place += UInt(MemoryLayout<Hardening>.stride)
    for index in 0..<SizeClass.count {
      XCTAssertEqual(UInt(bitPattern: zone.bin(index).quarantined), place, "class \(index)")
      place += UInt(sizes[Int(index)])
    }
    XCTAssertEqual(Int(place - start), ZonePointer.storageSize(bins: SizeClass.count))
  }

  /// The random half takes a slot in, and what was there queues up: the model of the queue is held against it.
  func testAQuarantineLetsGoInTurnOfWhatChanceTakesOut() {
    let test = TestZone(page: .kib4, profile: .hardened)
    let hardening = test.zone.pointee.hardening!
    for size in [64, 1000, 8000, 100_000] as [UInt] {
      let bin = test.zone.bin(SizeClass.index(size: size)!)
      let length = Int(Quarantine.length(slotSize: bin.pointee.slotSize))
      XCTAssertEqual(bin.quarantineCount, 2 * length)
      var inside: Set<UInt> = []
      var places = [UInt](repeating: 0, count: length)
      var moved: [UInt] = []
      for slot in 1...2000 as ClosedRange<UInt> {
        let out = bin.quarantine(slot, hardening)
        inside.insert(slot)
        let place = (0..<length).first { bin.quarantined[$0] == slot }!
        if places[place] != 0 { moved.append(places[place]) }
        places[place] = slot
        XCTAssertEqual(out, moved.count > length ? moved.removeFirst() : 0)
        if out != 0 { XCTAssertNotNil(inside.remove(out), "came out twice") }
      }
      XCTAssertEqual(Set((0..<bin.quarantineCount).map { bin.quarantined[$0] }), inside)
      for place in 0..<bin.quarantineCount { bin.quarantined[place] = 0 }
    }
    test.destroyAndCheck()
  }

  func testOnlyAHardenedZoneLeavesTheFastPaths() {
    let checked = TestZone(page: .kib4)
    XCTAssertEqual(checked.zone.pointee.head.directLimit, SizeClass.directLimit)
    let test = TestZone(page: .kib4, profile: .fast)
    XCTAssertEqual(test.zone.pointee.head.directLimit, SizeClass.directLimit)
    XCTAssertTrue(test.zone.isFast && !test.zone.isHardened)
    let hardened = TestZone(page: .kib4, profile: .hardened)
    XCTAssertEqual(hardened.zone.pointee.head.directLimit, 0)
    XCTAssertTrue(!hardened.zone.isFast && hardened.zone.isHardened)
  }

  /// For each width, in any order, all values are equally likely: the 1 above a number separates it from the next.
  func testRandomBitsCoverTheirRange() {
    let hardening = UnsafeMutablePointer<Hardening>.allocate(capacity: 1)
    defer { hardening.deallocate() }
    hardening.initialize()
    var random = SeededRandom(stream: 42)
    var counts = [UInt64: [Int]]()
    for width in [1, 3, 4] as [UInt64] { counts[width] = [Int](repeating: 0, count: 1 << Int(width)) }
    for _ in 0..<300_000 {
      let width = [1, 3, 4, 16][random.below(4)] as UInt64
      let bits = hardening.randomBits(width)
      XCTAssertLessThan(bits, 1 << UInt(width), SeededRandom.hint)
      if width != 16 { counts[width]![Int(bits)] += 1 }
    }
    for (width, counts) in counts {
      // Six standard deviations of 75000 throws: less than once in 10^8 times for all 26 counts.
      let mean = 75000.0 / Double(counts.count)
      for count in counts {
        XCTAssertEqual(Double(count), mean, accuracy: 7 * mean.squareRoot(), "\(width) bits; \(SeededRandom.hint)")
      }
    }
  }

  /// What was written is not mended, and the slot is never used again.
  func testASlotThatWasWrittenIsRetired() {
    let test = TestZone(page: .kib4, slotSize: 64, profile: .hardened)
    let zone = test.zone
    var status = Status.ok
    let object = zone.allocateObject()!
    XCTAssertEqual(zone.deallocate(bits(object)), .ok)
    object.storeBytes(of: 1, toByteOffset: 24, as: UInt8.self)
    zone.returnReady()
    var found = 0
    for _ in 0..<400 where zone.allocateObject(status: &status) == nil {
      XCTAssertEqual(status, Status.writeAfterFree)
      found += 1
    }
    XCTAssertEqual(found, 1)
    XCTAssertEqual(zone.pointee.hardening?.pointee.retired, 1)
    XCTAssertEqual(object.load(fromByteOffset: 24, as: UInt8.self), 1)
    XCTAssertNil(zone.violation())
    XCTAssertEqual(zone.deallocate(bits(object)), Status.doubleFree)
    test.destroyAndCheck(live: 399)
  }

  func testEachByteOfTheGuardsIsLookedAt() {
    for (page, size) in [(PageSize.kib4, 56), (.kib16, 1), (.kib64, 1000), (.kib4, 20000)] as [(PageSize, UInt)] {
      let test = TestZone(page: page, profile: .hardened)
      let zone = test.zone
      let object = test.allocate(size)!
      let slab = zone.slab(around: object)!
      let hardening = zone.pointee.hardening!
      let words = slab.address - UInt(slab.pointee.wordCount) * SlabGeometry.wordSize
      XCTAssertLessThanOrEqual(slab.slot(slab.slots), words - Canary.size)
      for place in [UInt](words - Canary.size..<words) + [UInt](slab.end - 3...slab.end) {
        let byte = UnsafeMutablePointer<UInt8>(bitPattern: place)!
        for bit in 0..<8 as Range<UInt8> {
          byte.pointee ^= 1 << bit
          XCTAssertFalse(slab.isIntact(hardening))
          XCTAssertEqual(zone.deallocate(object), Status.overflow)
          byte.pointee ^= 1 << bit
          XCTAssertTrue(slab.isIntact(hardening))
        }
      }
      XCTAssertEqual(zone.deallocate(object), .ok)
      test.destroyAndCheck()
    }
  }

  /// Frees of other pages' objects go on. What they would make available in the page stays pending.
  func testASlotInQuarantineOfAPageThatWasOverwrittenIsRetired() {
    let test = TestZone(page: .kib4, slotSize: 64, profile: .hardened)
    let zone = test.zone
    let slots = Int(zone.bin(0).geometry.slotCount)
    let objects = (0..<2 * slots).map { _ in bits(zone.allocateObject()!) }
    XCTAssertEqual(zone.deallocate(objects[0]), .ok)
    let byte = UnsafeMutablePointer<UInt8>(bitPattern: objects[0] | PageSize.kib4.mask)!
    byte.pointee ^= 0x80
    let others = objects.filter { ($0 ^ objects[0]) & ~PageSize.kib4.mask != 0 }
    XCTAssertEqual(others.count, slots)
    var freed = 0
    for other in others where zone.deallocate(other) == .ok { freed += 1 }
    XCTAssertEqual(freed, slots)
    zone.returnReady()
    XCTAssertEqual(zone.pointee.hardening?.pointee.retired, 1)
    XCTAssertEqual(zone.deallocate(objects[1]), Status.overflow)
    byte.pointee ^= 0x80
    XCTAssertNil(zone.violation())
    XCTAssertEqual(zone.deallocate(objects[0]), Status.doubleFree)
    test.destroyAndCheck(live: UInt(slots) - 1)
  }
}
