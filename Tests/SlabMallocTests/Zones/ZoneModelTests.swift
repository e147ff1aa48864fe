import Foundation
import XCTest

@testable import SlabMalloc

/// Random sequences of operations on a zone and on its reference model. SLM_TEST_OPERATIONS says how many for each page
/// size.
final class ZoneModelTests: XCTestCase {
  private let operations =
    ProcessInfo.processInfo.environment["SLM_TEST_OPERATIONS"].flatMap { Int($0) } ?? 1_000_000

  private func run(
    _ page: PageSize, _ supply: TestZone.Supply, _ profile: Profile = .checked, operations: Int, stream: UInt64
  ) {
    let model = ZoneModel(page: page, supply: supply, profile: profile, stream: stream)
    if let text = model.run(operations: operations) { return XCTFail(text) }
    // All goes back, to the last page.
    for address in model.addresses.sorted() where address % 3 != 0 || address % 32 == 0 {
      XCTAssertEqual(model.zone.deallocate(address), .ok)
      model.objects[address] = nil
    }
    XCTAssertNil(model.zone.violation(), SeededRandom.hint)
    model.test.reclaimAll()
    XCTAssertNil(model.zone.violation(), SeededRandom.hint)
    model.test.destroyAndCheck(live: UInt(model.objects.count))
  }

  func testPages4KiB() { run(.kib4, .pull, operations: operations, stream: 1) }
  func testPages16KiB() { run(.kib16, .pull, operations: operations, stream: 2) }
  func testPages64KiB() { run(.kib64, .pull, operations: operations, stream: 3) }

  func testZonesThatAreHandedTheirPages() {
    for (stream, page) in PageSize.base.enumerated() {
      run(page, .push, operations: operations / 10, stream: UInt64(4 + stream))
    }
  }

  func testHardenedZones() {
    for (stream, page) in PageSize.base.enumerated() {
      run(page, .pull, .hardened, operations: operations / 5, stream: UInt64(7 + stream))
      run(page, .push, .hardened, operations: operations / 20, stream: UInt64(10 + stream))
    }
  }
}
