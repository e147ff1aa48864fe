import XCTest

@testable import SlabMalloc

/// What is reserved stays, and is used by its own class alone.
final class ZoneReserveTests: XCTestCase {
  private func bin(_ test: TestZone, _ size: UInt) -> BinPointer { test.zone.bin(SizeClass.index(size: size)!) }

  func testAReserveIsSoManySlotsOfEmptySlabs() {
    for page in PageSize.base {
      for (size, alignment) in [(UInt(8), UInt(8)), (64, 8), (2048, 8), (10_000, 8), (64, 65536), (100, 1 << 17)] {
        let test = TestZone(page: page)
        let bin = test.zone.bin(SizeClass.index(size: size, alignment: alignment)!)
        let slots = bin.geometry.slotCount
        for (count, pages) in [(UInt(1), UInt32(1)), (slots, 1), (slots + 1, 2), (3 * slots, 3), (1, 1), (0, 0)] {
          XCTAssertEqual(test.zone.reserve(size: size, alignment: alignment, count: count), .ok)
          XCTAssertEqual(bin.pointee.reservedSlots, UInt32(count))
          XCTAssertGreaterThanOrEqual(bin.pointee.emptyCount, pages)
          XCTAssertNil(test.zone.violation())
        }
        XCTAssertEqual(test.provider.pagesOut, 3)
        test.destroyAndCheck()
      }
    }
  }

  func testNoOtherBinTakesAReservedPage() {
    let test = TestZone(page: .kib4)
    XCTAssertEqual(test.zone.reserve(size: 64, alignment: 8, count: 1), .ok)
    test.provider.fault = { _, _ in .outOfMemory }
    XCTAssertNil(test.allocate(1000))
    XCTAssertEqual(test.reclaimAll(), 0)
    XCTAssertNil(test.zone.takeEmptyPage(.kib4))
    // In use it is still the bin's; emptied, it is the reserve again.
    let address = test.allocate(64)!
    XCTAssertEqual(bin(test, 64).pointee.emptyCount, 0)
    XCTAssertEqual(test.zone.deallocate(address), .ok)
    XCTAssertNil(test.allocate(1000))
    XCTAssertEqual(bin(test, 64).pointee.emptyCount, 1, "the search took it back")
    XCTAssertEqual(test.zone.reserve(size: 64, alignment: 8, count: 0), .ok)
    XCTAssertNotNil(test.allocate(1000))
    test.destroyAndCheck(live: 1)
  }

  func testAReserveTakesEmptyPagesOfOtherBinsFirst() {
    let test = TestZone(page: .kib4)
    let address = test.allocate(1000)!
    XCTAssertEqual(test.zone.deallocate(address), .ok)
    test.zone.returnReady()
    XCTAssertEqual(test.zone.reserve(size: 64, alignment: 8, count: 64), .ok)
    XCTAssertEqual(test.provider.pagesOut, 2, "64 slots are more than a page has")
    XCTAssertEqual(bin(test, 1000).pointee.emptyCount, 0)
    test.destroyAndCheck()
  }

  func testAReserveThatFailsLeavesTheOneBefore() {
    let test = TestZone(page: .kib4)
    XCTAssertEqual(test.zone.reserve(size: 64, alignment: 8, count: 1), .ok)
    test.provider.fault = { call, _ in call == 4 ? .outOfMemory : .none }
    XCTAssertEqual(test.zone.reserve(size: 64, alignment: 8, count: 1000), Status.outOfMemory)
    XCTAssertEqual(bin(test, 64).pointee.reservedSlots, 1)
    XCTAssertEqual(bin(test, 64).pointee.emptyCount, 3)
    XCTAssertEqual(test.reclaimAll(), 2)
    test.provider.fault = { _, _ in .misaligned }
    XCTAssertEqual(test.zone.reserve(size: 64, alignment: 8, count: 1000), Status.badPage)
    XCTAssertEqual(bin(test, 64).pointee.reservedSlots, 1)
    test.provider.fault = { _, _ in .none }
    XCTAssertEqual(test.zone.reserve(size: 64, alignment: 8, count: UInt.max), Status.outOfMemory)
    test.destroyAndCheck()
  }

  func testAReserveOfAZoneOfOneSize() {
    let test = TestZone(page: .kib4, slotSize: 104)
    XCTAssertEqual(test.zone.reserve(size: 8, alignment: 1, count: 100), .ok)
    XCTAssertEqual(test.reclaimAll(), 0)
    test.provider.fault = { _, _ in .outOfMemory }
    for _ in 0..<100 { XCTAssertNotNil(test.zone.allocateObject()) }
    test.destroyAndCheck(live: 100)
  }

  func testNowaitDoesNotAskTheProvider() {
    let test = TestZone(page: .kib4)
    var status = Status.ok
    XCTAssertNil(test.zone.allocate(size: 64, alignment: 8, nowait: true, status: &status))
    XCTAssertEqual(status, Status.outOfMemory)
    XCTAssertEqual(test.provider.allocateCalls, 0)
    let address = test.allocate(1000)!
    XCTAssertEqual(test.zone.deallocate(address), .ok)
    XCTAssertNotNil(test.zone.allocate(size: 64, alignment: 8, nowait: true, status: &status))
    XCTAssertNil(test.zone.violation())
    XCTAssertEqual(test.provider.allocateCalls, 1)
    test.destroyAndCheck(live: 1)
  }
}
