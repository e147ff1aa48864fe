import XCTest

@testable import SlabMalloc

/// The same work again and again, and at each turn another call of the provider goes wrong.
struct FaultRun {
  let page: PageSize
  /// What is done to the call with this number.
  let at: Int
  let fault: FaultyProvider.Fault
  /// The statuses an allocation may fail with.
  let refusal: Status

  /// Sizes that take base pages, large pages, runs, and pages for the directory and for descriptors of runs.
  private static func sizes(_ page: PageSize) -> [(size: UInt, alignment: UInt)] {
    let largest = SlabGeometry.largestOnBasePage(page)
    let perPage = SlabGeometry(slotSize: largest, page: page).slotCount
    let many = (0..<90 * perPage).map { _ in (size: largest, alignment: UInt(16)) }
    let mixed: [(UInt, UInt)] = [
      (0, 1), (1, 8), (8, 8), (100, 16), (65, 64), (600, 512), (3000, 8), (10_000, 4096), (70_000, 8), (131_072, 8),
      (300_000, 8),
      (8, 4096), (100, 65536), (1000, 2 << 20),
    ]
    return mixed + many + mixed
  }

  /// Does the work; returns how many calls of the provider it took.
  @discardableResult func run(file: StaticString = #filePath, line: UInt = #line) -> Int {
    let test = TestZone(page: page)
    var (hasRun, callsBefore) = (false, 0)
    // What the allocation that makes the call should fail with; nil if it should not.
    var expected: Status?
    test.provider.fault = { [at, fault, refusal] call, bytes in
      guard call == at else { return .none }
      let isBase = bytes == page.bytes
      if isBase, call != callsBefore + 1 {
        // A table of the directory: it is tried again with the next page.
      } else if isBase, hasRun {
        // A large object whose descriptor has no page is out of memory, whatever was wrong with the page.
        expected = .outOfMemory
      } else {
        expected = refusal
      }
      // The first page of its size cannot come twice.
      if case .duplicate = fault, test.provider.pagesOut(isBase ? page : .large) == 0 { expected = nil }
      return fault
    }
    var live: [UInt] = []
    for (size, alignment) in Self.sizes(page) {
      hasRun = test.zone.classIndex(size: size, alignment: alignment) == nil
      callsBefore = test.provider.allocateCalls
      var (address, status) = test.allocate(size, alignment: alignment)
      XCTAssertEqual(address == nil ? status : nil, expected, "call \(at)", file: file, line: line)
      expected = nil
      if address == nil {
        XCTAssertNil(test.zone.violation(), "call \(at)", file: file, line: line)
        (address, status) = test.allocate(size, alignment: alignment)
      }
      guard let address else { XCTFail("call \(at): not served again", file: file, line: line); break }
      live.append(address)
    }
    XCTAssertEqual(Set(live).count, live.count, "call \(at): given twice", file: file, line: line)
    XCTAssertNil(test.zone.violation(), "call \(at)", file: file, line: line)
    for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok, "call \(at)", file: file, line: line) }
    test.reclaimAll()
    XCTAssertEqual(test.provider.pagesOut, Int(test.zone.tablePages), "call \(at): reclaim", file: file, line: line)
    XCTAssertEqual(test.provider.misalignedOut, 0, "call \(at)", file: file, line: line)
    test.destroyAndCheck(file: file, line: line)
    return test.provider.allocateCalls
  }
}
