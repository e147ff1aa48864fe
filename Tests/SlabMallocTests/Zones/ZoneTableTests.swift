import XCTest

@testable import SlabMalloc

/// The page map's own pages. A slot of 2 KiB takes a 4 KiB page each.
final class ZoneTableTests: XCTestCase {
  private func zone(pages: Int, _ test: TestZone, from first: Int = 0) -> [UInt] {
    (first..<pages).map { _ in test.allocate(2048)! }
  }

  func testTheTableComesWithThe65thPage() {
    let test = TestZone(page: .kib4)
    var live = zone(pages: 64, test)
    XCTAssertNil(test.zone.basePages.tablePage)
    XCTAssertEqual(test.zone.tablePages, 0)
    live.append(test.allocate(2048)!)
    XCTAssertEqual(test.zone.basePages.pointee.table, .kib4)
    XCTAssertEqual(test.zone.tablePages, 1)
    XCTAssertEqual(test.provider.pagesOut, 66)
    for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
    test.destroyAndCheck()
  }

  func testATableThatIsNotToBeHadIsTriedAgain() {
    let test = TestZone(page: .kib4)
    test.provider.fault = { call, _ in call == 66 ? .outOfMemory : .none }
    var live = zone(pages: 65, test)
    XCTAssertNil(test.zone.basePages.tablePage)
    XCTAssertNil(test.zone.violation())
    live += zone(pages: 129, test, from: 65)
    XCTAssertNotNil(test.zone.basePages.tablePage)
    for address in live { XCTAssertEqual(test.zone.usableSize(address), 2048) }
    test.destroyAndCheck(live: UInt(live.count))
  }

  func testTheTableIsNoPageOfObjects() {
    let test = TestZone(page: .kib4)
    let live = zone(pages: 65, test)
    let table = test.zone.basePages.tablePage!
    XCTAssertEqual(test.zone.deallocate(table), Status.foreignPointer)
    let status = test.zone.refill(size: 8, alignment: 8, page: table, pageSize: 4096)
    XCTAssertEqual(status, Status.pageOwned)
    test.destroyAndCheck(live: UInt(live.count))
  }

  func testALargeTableWhenItIsASixteenthOfWhatIsHeld() {
    let test = TestZone(page: .kib4)
    let before = Int(PageSize.large.size) * 16 / 4096
    var live = zone(pages: before, test)
    XCTAssertEqual(test.zone.basePages.pointee.table, .kib4)
    let old = test.zone.basePages.tablePage!
    live += zone(pages: before + 1, test, from: before)
    XCTAssertEqual(test.zone.basePages.pointee.table, .large)
    XCTAssertFalse(test.provider.holds(old), "the table before went back")
    XCTAssertNil(test.zone.violation())
    for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
    test.reclaimAll()
    XCTAssertEqual(test.provider.pagesOut, 0, "without pages the table goes too")
    XCTAssertEqual(test.zone.tablePages, 0)
    XCTAssertNotNil(test.allocate(2048))
    test.destroyAndCheck(live: 1)
  }
}
