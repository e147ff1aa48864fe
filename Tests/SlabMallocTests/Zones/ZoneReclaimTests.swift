import XCTest

@testable import SlabMalloc

/// Pages out: exactly the empty ones.
final class ZoneReclaimTests: XCTestCase {
  /// Pages of 2 KiB slots and of 100,000-byte ones, of which every second page is emptied.
  private func halfEmpty(_ page: PageSize) -> (test: TestZone, live: [UInt], base: Int, large: Int) {
    let test = TestZone(page: page)
    var live: [UInt] = []
    var emptied: [Int] = []
    for (size, page) in [(UInt(2048), page), (100_000, .large)] {
      let slots = test.zone.bin(SizeClass.index(size: size)!).geometry.slotCount
      let pages = Dictionary(grouping: (0..<10 * slots).map { _ in test.allocate(size)! }) { $0 & ~page.mask }
      let keys = pages.keys.sorted()
      for (index, key) in keys.enumerated() {
        if index % 2 == 0 { live += pages[key]! }
        if index % 2 == 1 { for address in pages[key]! { XCTAssertEqual(test.zone.deallocate(address), .ok) } }
      }
      emptied.append(keys.count / 2)
    }
    XCTAssertEqual(emptied, [5, 5])
    return (test, live, emptied[0], emptied[1])
  }

  func testExactlyTheEmptyPagesGo() {
    for page in PageSize.base {
      let (test, live, base, large) = halfEmpty(page)
      XCTAssertEqual(test.zone.reclaim(page, atMost: .max), base)
      XCTAssertEqual(test.zone.reclaim(.large, atMost: .max), large)
      XCTAssertNil(test.zone.violation())
      XCTAssertEqual(test.provider.pagesOut(page), 5)
      XCTAssertEqual(test.provider.pagesOut(.large), 5)
      XCTAssertTrue(live.allSatisfy { test.zone.usableSize($0) != 0 })
      XCTAssertEqual(test.reclaimAll(), 0)
      test.destroyAndCheck(live: UInt(live.count))
    }
  }

  func testAtMostSoManyGo() {
    let (test, live, base, large) = halfEmpty(.kib4)
    XCTAssertEqual(test.zone.reclaim(.kib4, atMost: 0), 0)
    XCTAssertEqual(test.zone.reclaim(.kib4, atMost: 2), 2)
    XCTAssertEqual(test.zone.reclaim(.large, atMost: 1), 1)
    XCTAssertEqual(test.provider.releaseCalls, 3)
    XCTAssertEqual(test.zone.reclaim(.kib4, atMost: base), base - 2)
    XCTAssertEqual(test.zone.reclaim(.large, atMost: large), large - 1)
    test.destroyAndCheck(live: UInt(live.count))
  }

  func testAPageThatWasTakenOutIsAnothersToHave() {
    let (one, other) = (TestZone(page: .kib4, supply: .push), TestZone(page: .kib4, supply: .push))
    for (size, page) in [(UInt(64), PageSize.kib4), (10_000, .large)] {
      XCTAssertEqual(one.refill(size), .ok)
      let address = one.allocate(size)!
      XCTAssertNil(one.zone.takeEmptyPage(page), "it is in use")
      XCTAssertEqual(one.zone.deallocate(address), .ok)
      let taken = one.zone.takeEmptyPage(page)!
      XCTAssertEqual(taken, address & ~page.mask)
      XCTAssertFalse(one.zone.owns(address))
      XCTAssertNil(one.zone.takeEmptyPage(page))
      XCTAssertEqual(other.zone.refill(size: size, alignment: 8, page: taken, pageSize: page.size), .ok)
      XCTAssertEqual(
        one.zone.refill(size: size, alignment: 8, page: taken, pageSize: page.size), Status.pageOwned)
      XCTAssertEqual(other.allocate(size), address)
      XCTAssertEqual(one.zone.deallocate(address), Status.foreignPointer)
      XCTAssertEqual(other.zone.deallocate(address), .ok)
      XCTAssertEqual(other.zone.takeEmptyPage(page), taken)
      one.provider.release(taken, page.bytes)
    }
    one.destroyAndCheck()
    other.destroyAndCheck()
  }

  func testOnlyPagesOfAnAllocatorsSizesCanBeTakenOut() {
    let (test, live, _, _) = halfEmpty(.kib4)
    XCTAssertNil(test.zone.takeEmptyPage(.kib16))
    XCTAssertNil(test.zone.takeEmptyPage(.kib64))
    test.destroyAndCheck(live: UInt(live.count))
  }
}
