import XCTest

@testable import SlabMalloc

/// Every call of the provider goes wrong in turn: nothing is lost, and the zone works on.
final class ZoneFaultTests: XCTestCase {
  private func failEachCall(_ fault: FaultyProvider.Fault, _ refusal: Status) {
    for page in PageSize.base {
      let calls = FaultRun(page: page, at: 0, fault: .none, refusal: .ok).run()
      XCTAssertGreaterThan(calls, 70)
      for call in 1...calls { FaultRun(page: page, at: call, fault: fault, refusal: refusal).run() }
    }
  }

  func testOutOfMemory() { failEachCall(.outOfMemory, .outOfMemory) }
  func testMisalignedPages() { failEachCall(.misaligned, .badPage) }
  func testPagesThatTheZoneHas() { failEachCall(.duplicate, .pageOwned) }

  /// What overlaps a page of the zone is refused and left alone, whatever its size.
  func testPagesThatOverlapOnesOfTheZone() {
    let test = TestZone(page: .kib4)
    let owned = PageSize.kib4.mask
    var live = (0..<200).map { _ in test.allocate(2048)! }
    let large = test.allocate(5000)!
    live.append(large)
    let table = test.zone.pointee.directory!.tablePage!
    let overlapping: [(address: UInt, size: UInt)] = [
      (live[0] & ~owned, 100), (table, 100), (large & ~PageSize.large.mask, 100),
      (large & ~PageSize.large.mask + 8192, 100),
      (large & ~PageSize.large.mask, 20_000), (live[0] & ~PageSize.large.mask, 20_000),
      (table & ~PageSize.large.mask, 20_000),
    ]
    for (address, size) in overlapping where address != 0 {
      test.provider.fault = { _, _ in .address(address) }
      XCTAssertEqual(test.allocate(size, alignment: 8).status, Status.pageOwned, "size \(size)")
      XCTAssertNil(test.zone.violation())
    }
    test.provider.fault = { _, _ in .none }
    for size: UInt in [100, 20_000] { live.append(test.allocate(size)!) }
    for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
    test.destroyAndCheck()
  }

  func testAPageOfAnotherZoneIsRefused() {
    let (one, other) = (TestZone(page: .kib4), TestZone(page: .kib4))
    let base = other.allocate(64)!
    let large = other.allocate(5000)!
    one.provider.fault = { _, bytes in
      .address(bytes == 4096 ? base & ~PageSize.kib4.mask : large & ~PageSize.large.mask)
    }
    XCTAssertEqual(one.allocate(64, alignment: 8).status, Status.pageOwned)
    XCTAssertEqual(one.allocate(5000, alignment: 8).status, Status.pageOwned)
    XCTAssertEqual(one.zone.deallocate(base), Status.foreignPointer)
    one.destroyAndCheck()
    other.destroyAndCheck(live: 2)
  }

  func testALastResortWhenThereAreNoPages() {
    let test = TestZone(page: .kib4)
    let address = test.allocate(64)!
    XCTAssertEqual(test.zone.deallocate(address), .ok)
    test.provider.fault = { _, _ in .outOfMemory }
    // The one page is current for its class, but no slot of it is in use.
    let other = test.allocate(500)
    XCTAssertNotNil(other)
    XCTAssertNil(test.zone.violation())
    XCTAssertEqual(test.allocate(64, alignment: 8).status, Status.outOfMemory)
    XCTAssertEqual(test.zone.deallocate(other!), .ok)
    test.destroyAndCheck()
  }
}
