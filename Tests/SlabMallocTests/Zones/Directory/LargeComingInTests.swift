import XCTest

@testable import SlabMalloc

/// Large pages that come in: their one entry looks like a base page's until it leads to a slab, and a record says how
/// far they reach.
final class LargeComingInTests: XCTestCase {
  private let large = PageSize.large.size
  private let base: UInt = 1 << 40

  private func withRecords(_ count: Int, _ body: (TestDirectory, [UnsafeMutablePointer<LargeComingIn>]) -> Void) {
    for page in PageSize.base {
      let records = (0..<count).map { index in
        let record = UnsafeMutablePointer<LargeComingIn>.allocate(capacity: 1)
        record.initialize(to: LargeComingIn(address: base + 2 * UInt(index) * large, next: nil))
        return record
      }
      defer { for record in records { record.deallocate() } }
      body(TestDirectory(page), records)
    }
  }

  /// What the records say, by asking for each place at an edge.
  private func check(
    _ directory: PageDirectoryPointer, _ live: [UInt], of count: UInt, line: UInt = #line
  ) {
    let page = directory.page.size
    for index in 0..<count {
      let start = base + 2 * index * large
      let isThere = live.contains(start)
      // A base page: the first, one inside, the last.
      for inside in [start, start + large / 2, start + large - page] {
        XCTAssertEqual(directory.holdsAny(inside, page), isThere, line: line)
      }
      // A run that ends in it, starts in it, lies inside, or goes around it; and another large page.
      let runs = [
        (start - 2 * page, 3 * page), (start + large - page, 3 * page), (start + 5 * page, 3 * page),
        (start - page, large + 2 * page), (start, large),
      ]
      for (address, bytes) in runs { XCTAssertEqual(directory.holdsAny(address, bytes), isThere, line: line) }
      // Its neighbours.
      XCTAssertFalse(directory.holdsAny(start - page, page), line: line)
      XCTAssertFalse(directory.holdsAny(start - 7 * page, 7 * page), line: line)
      XCTAssertFalse(directory.holdsAny(start + large, page), line: line)
      XCTAssertFalse(directory.holdsAny(start + large, large), line: line)
    }
  }

  func testWhatOverlapsOneIsHeld() {
    withRecords(1) { test, records in
      check(test.directory, [], of: 1)
      test.directory.begin(records[0])
      check(test.directory, [base], of: 1)
      test.directory.end(records[0])
      check(test.directory, [], of: 1)
      XCTAssertNil(test.directory.pointee.largeComingIn)
    }
  }

  /// The CPUs of a zone end in any order.
  func testTheyEndInAnyOrder() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
      withRecords(4) { test, records in
        var live: [UInt] = []
        for record in records {
          test.directory.begin(record)
          live.append(record.pointee.address)
          check(test.directory, live, of: 4)
        }
        for index in order {
          test.directory.end(records[index])
          live.removeAll { $0 == records[index].pointee.address }
          check(test.directory, live, of: 4)
        }
        XCTAssertNil(test.directory.pointee.largeComingIn)
      }
    }
  }

  /// A large page that came in or was refused leaves no record behind.
  func testARecordLastsAsLongAsItsPageComesIn() {
    let test = TestZone(page: .kib4)
    let object = test.allocate(20_000)!
    let directory = test.zone.pointee.directory!
    XCTAssertNil(directory.pointee.largeComingIn)
    let start = object & ~PageSize.large.mask
    XCTAssertEqual(test.zone.refill(size: 20_000, alignment: 8, page: start, pageSize: large), .pageOwned)
    XCTAssertNil(directory.pointee.largeComingIn)
    XCTAssertEqual(test.zone.deallocate(object), .ok)
    test.reclaimAll()
    XCTAssertFalse(directory.holdsAny(start, large))
    test.destroyAndCheck()
  }
}
