import XCTest

@testable import SlabMalloc

/// The objects of a trace by address.
final class TraceTableTests: XCTestCase {
  private var table = TraceTable()

  override func tearDown() { table.dispose() }

  /// The n-th of many addresses that differ in a few bits, as those of slots do.
  private func address(_ number: UInt) -> UInt { 0x7F00_0000_0000 + number * 48 + (number % 7) << 32 }

  func testNothingIsInAnEmptyTable() {
    XCTAssertNil(table.find(address(1)))
  }

  func testAllAreFoundWhileTheTableGrows() {
    let count: UInt = 50_000
    for number in 1...count {
      XCTAssertNil(table.find(address(number)))
      XCTAssertTrue(table.insert(address(number), number: number, size: number * 3))
    }
    for number in 1...count {
      guard let entry = table.find(address(number)) else { return XCTFail("\(number) is lost") }
      XCTAssertEqual(entry.pointee.number, number)
      XCTAssertEqual(entry.pointee.size, number * 3)
      XCTAssertTrue(entry.pointee.isLive)
    }
    XCTAssertNil(table.find(address(count) + 8))
  }

  func testTheLastObjectAtAnAddressCounts() throws {
    for number: UInt in 1...20_000 { XCTAssertTrue(table.insert(address(number % 3), number: number, size: 8)) }
    let entry = try XCTUnwrap(table.find(address(2)))
    XCTAssertEqual(entry.pointee.number, 20_000)
    XCTAssertEqual(try XCTUnwrap(table.find(address(0))).pointee.number, 19_998)
  }

  func testASizeOfNothingIsLive() throws {
    XCTAssertTrue(table.insert(address(1), number: 1, size: 0))
    XCTAssertTrue(try XCTUnwrap(table.find(address(1))).pointee.isLive)
  }
}
