import XCTest

@testable import SlabMalloc

/// The tables of a zone's directory: where they come from, and that they go again. A slot of 2 KiB takes a 4 KiB page
/// each.
final class ZoneDirectoryTests: XCTestCase {
  private func lodgers(_ zone: ZonePointer) -> Int {
    var count = 0
    zone.forEachSlab { count += Int($0.pointee.lodgers) }
    return count
  }

  func testAZoneWithFewPagesHasNoTables() {
    for page in PageSize.base {
      let test = TestZone(page: page)
      let size = SlabGeometry.largestOnBasePage(page)
      // Two leaves of 40 entries are in its storage.
      let count = 40 * test.zone.bin(SizeClass.index(size: size)!).geometry.slotCount
      for _ in 0..<count { XCTAssertNotNil(test.allocate(size)) }
      XCTAssertEqual(test.zone.tablePages, 0)
      XCTAssertEqual(test.provider.pagesOut, 40)
      test.destroyAndCheck(live: count)
    }
  }

  func testTablesTakeASixtyFourthOfThePagesAtMost() {
    let test = TestZone(page: .kib4)
    for count in 1...2000 as ClosedRange<UInt64> {
      XCTAssertNotNil(test.allocate(2048))
      XCTAssertLessThanOrEqual(test.zone.tablePages, count < 128 ? 1 : count / 64)
      XCTAssertEqual(test.provider.pagesOut, Int(count + test.zone.tablePages))
    }
    XCTAssertGreaterThan(test.zone.tablePages, 0)
    XCTAssertNil(test.zone.violation())
    test.destroyAndCheck(live: 2000)
  }

  func testATableThatIsNotToBeHadIsTriedAgain() {
    let test = TestZone(page: .kib4)
    // Every second page is refused: those for tables as well.
    test.provider.fault = { call, _ in call % 2 == 0 ? .outOfMemory : .none }
    var live: [UInt] = []
    while live.count < 1000 {
      if let address = test.allocate(2048) { live.append(address) }
    }
    XCTAssertNil(test.zone.violation())
    for address in live { XCTAssertEqual(test.zone.usableSize(address), 2048) }
    test.provider.fault = { _, _ in .none }
    for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
    XCTAssertNil(test.zone.violation())
    test.destroyAndCheck()
  }

  func testATableIsNoPageOfObjects() {
    let test = TestZone(page: .kib4)
    let live = (0..<200).map { _ in test.allocate(2048)! }
    let table = test.zone.pointee.directory!.tablePage!
    XCTAssertEqual(test.zone.deallocate(table), Status.foreignPointer)
    XCTAssertEqual(test.zone.usableSize(table + 512), 0)
    XCTAssertFalse(test.zone.owns(table))
    let status = test.zone.refill(size: 8, alignment: 8, page: table, pageSize: 4096)
    XCTAssertEqual(status, Status.pageOwned)
    test.destroyAndCheck(live: UInt(live.count))
  }

  func testReclaimGivesEachTableBack() {
    for page in PageSize.base {
      let test = TestZone(page: page)
      let size = SlabGeometry.largestOnBasePage(page)
      for round in 1...2 {
        let count = 300 * round * Int(test.zone.bin(SizeClass.index(size: size)!).geometry.slotCount)
        let live = (0..<count).map { _ in test.allocate(size)! }
        XCTAssertGreaterThan(test.zone.tablePages, 0)
        for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
        test.reclaimAll()
        XCTAssertEqual(test.zone.tablePages, 0)
        XCTAssertEqual(test.zone.pointee.directory!.pointee.count, 0)
        XCTAssertEqual(test.provider.pagesOut, 0)
        XCTAssertNil(test.zone.violation())
      }
      test.destroyAndCheck()
    }
  }

  /// Descriptors of large objects are in pages of their own.
  func testDescriptorsOfRuns() {
    let test = TestZone(page: .kib4)
    let live = (0..<150).map { _ in test.allocate(200_000)! }
    XCTAssertEqual(test.zone.tablePages, 3, "72 or 73 to a page")
    XCTAssertEqual(test.provider.pagesOut(.large), 150)
    XCTAssertNil(test.zone.violation())
    for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
    XCTAssertEqual(test.provider.pagesOut(.large), 0)
    test.reclaimAll()
    XCTAssertEqual(test.provider.pagesOut, 0)
    test.destroyAndCheck()
  }

  /// A zone that is handed its pages has no others: tables lodge in them, and each page serves its class at once.
  func testTablesLodgeInPushedPages() {
    for profile in [Profile.checked, .hardened] {
      for page in PageSize.base {
        let test = TestZone(page: page, supply: .push, profile: profile)
        var live: [UInt] = []
        for index in 0..<500 {
          let size: UInt = [100, 500, 1000, 2000][index % 4]
          XCTAssertEqual(test.refill(size), .ok)
          while let address = test.allocate(size) { live.append(address) }
          if index % 100 == 0 { XCTAssertNil(test.zone.violation()) }
        }
        XCTAssertEqual(test.zone.tablePages, 0)
        XCTAssertEqual(test.provider.pagesOut, 500)
        XCTAssertGreaterThan(lodgers(test.zone), 500 / 50)
        XCTAssertLessThan(lodgers(test.zone), 500 / 16)
        for address in live { XCTAssertTrue(test.zone.owns(address)) }
        for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
        XCTAssertNil(test.zone.violation())
        XCTAssertEqual(test.reclaimAll(), 500, "\(profile), pages of \(page.bytes)")
        XCTAssertEqual(lodgers(test.zone), 0)
        XCTAssertEqual(test.provider.pagesOut, 0)
        test.destroyAndCheck()
      }
    }
  }

  /// A page that is pushed needs no other, also in a zone whose provider has none.
  func testARefillNeedsNoPageOfTheProvider() {
    for profile in [Profile.checked, .hardened] {
      let test = TestZone(page: .kib4, profile: profile)
      var live: [UInt] = []
      for index in 0..<500 {
        let size: UInt = [100, 500, 1000, 2000][index % 4]
        test.provider.fault = { _, _ in .none }
        let page = test.provider.allocate(4096)!
        test.provider.fault = { _, _ in .outOfMemory }
        XCTAssertEqual(test.zone.refill(size: size, alignment: 8, page: page, pageSize: 4096), .ok)
        while let address = test.allocate(size) { live.append(address) }
        if index % 100 == 0 { XCTAssertNil(test.zone.violation()) }
      }
      XCTAssertEqual(test.provider.pagesOut, 500)
      XCTAssertGreaterThan(lodgers(test.zone), 500 / 50)
      XCTAssertLessThan(lodgers(test.zone), 500 / 16)
      for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
      XCTAssertNil(test.zone.violation())
      // An empty slab that lodges a table hides no other: each that does not is carved anew.
      let spare = 500 - slabsWithLodgers(test.zone)
      live = []
      while let address = test.allocate(300) { live.append(address) }
      XCTAssertGreaterThanOrEqual(live.count, spare * 10)
      for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
      test.reclaimAll()
      XCTAssertEqual(lodgers(test.zone), 0)
      XCTAssertEqual(test.provider.pagesOut, 0)
      test.destroyAndCheck()
    }
  }

  /// A page that lodges a node may need a table more, and the provider is asked. What the provider does meanwhile must
  /// not take the node for one that is not needed: its page is no slab yet.
  func testNoTableLeavesWhileItsPageComesIn() {
    for profile in [Profile.checked, .hardened] {
      let test = TestZone(page: .kib4, slotSize: 2000, profile: profile)
      let directory = test.zone.pointee.directory!
      var (live, seen): ([UInt], Int) = ([], 0)
      for index in 0..<1500 {
        test.provider.duringAllocate = { _ in }
        test.provider.fault = { _, _ in .none }
        let page = test.provider.allocate(4096)!
        test.provider.fault = { _, _ in .outOfMemory }
        test.provider.duringAllocate = { _ in
          seen += directory.pointee.comingIn == 0 ? 0 : 1
          XCTAssertEqual(test.zone.reclaim(basePages: 0, largePages: 0).base, 0)
        }
        XCTAssertEqual(test.zone.refill(test.zone.bin(0), page: page, pageSize: 4096), .ok)
        test.provider.duringAllocate = { _ in }
        while let address = test.zone.allocateObject() { live.append(bits(address)) }
        if index % 250 == 0 { XCTAssertNil(test.zone.violation()) }
      }
      XCTAssertGreaterThan(seen, 0, "no page needed two tables")
      XCTAssertNil(test.zone.violation())
      for address in live { XCTAssertTrue(test.zone.owns(address)) }
      for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
      test.reclaimAll()
      XCTAssertEqual(test.provider.pagesOut, 0)
      test.destroyAndCheck()
    }
  }

  private func slabsWithLodgers(_ zone: ZonePointer) -> Int {
    var count = 0
    zone.forEachSlab { count += $0.pointee.lodgersLeft == 0 ? 0 : 1 }
    return count
  }

  func testPushedPagesComeOutOneByOne() {
    for profile in [Profile.checked, .hardened] {
      let test = TestZone(page: .kib4, supply: .push, profile: profile)
      for _ in 0..<500 { XCTAssertEqual(test.refill(500), .ok) }
      var count = 0
      while let page = test.zone.takeEmptyPage(.kib4) {
        test.provider.release(page, 4096)
        count += 1
        if count % 100 == 0 { XCTAssertNil(test.zone.violation()) }
      }
      XCTAssertEqual(count, 500, "\(profile)")
      test.destroyAndCheck()
    }
  }
}
