import XCTest

@testable import SlabMalloc

final class PageSizeTests: XCTestCase {
  func testBytesAreThoseOfTheName() {
    XCTAssertEqual(PageSize.kib4.bytes, 4096)
    XCTAssertEqual(PageSize.kib16.bytes, 16384)
    XCTAssertEqual(PageSize.kib64.bytes, 65536)
    XCTAssertEqual(PageSize.large.bytes, 2_097_152)
  }

  func testOnlyThreeSizesAreBasePages() {
    let accepted = (0...22).map { 1 << $0 }.filter { PageSize(base: $0) != nil }
    XCTAssertEqual(accepted, [4096, 16384, 65536])
    for odd in [Int.min, -4096, -1, 0, 1, 4095, 4097, 12288, 65535, 65537, 2_097_152, Int.max] {
      XCTAssertNil(PageSize(base: odd), "\(odd)")
    }
  }

  func testABasePageIsMadeOfItsBytes() {
    for page in PageSize.base { XCTAssertEqual(PageSize(base: page.bytes), page) }
  }

  func testAProviderIsAskedForBasePagesAndLargePages() {
    for page in PageSize.all { XCTAssertEqual(PageSize(bytes: page.bytes), page) }
    for odd in [-1, 0, 1, 8192, 1 << 20, 1 << 22] { XCTAssertNil(PageSize(bytes: odd), "\(odd)") }
  }

  func testMaskCoversThePage() {
    for page in PageSize.all {
      XCTAssertEqual(page.size, UInt(page.bytes))
      XCTAssertEqual(page.mask, page.size - 1)
      XCTAssertEqual(page.isLarge, page == .large)
    }
  }
}
