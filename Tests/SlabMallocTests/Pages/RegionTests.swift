import XCTest

@testable import SlabMalloc

final class RegionTests: XCTestCase {
  private let large = PageSize.large.size

  /// Runs the body with a region in a buffer that starts `offset` bytes after a 2 MiB boundary.
  private func withRegion(
    _ page: PageSize, offset: UInt, size: UInt, _ body: (RegionPointer, ClosedRange<UInt>) -> Void
  ) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Int(offset + size), alignment: Int(large))
    defer { memory.deallocate() }
    let buffer = UInt(bitPattern: memory) + offset
    guard let region = RegionPointer.make(buffer: buffer, size: size, page: page) else { return XCTFail("no region") }
    body(region, buffer...(buffer + size - 1))
  }

  func testPagesAreAlignedWithinTheBufferAndPastTheState() {
    for page in PageSize.base {
      for offset: UInt in [0, 1, 4096, 1 << 20, large - 8] {
        withRegion(page, offset: offset, size: 3 * large + 12345) { region, buffer in
          let range = region.ranges[0].pointee
          let stateEnd = range.tree.end
          var taken: Set<UInt> = []
          while let address = region.take(page) {
            XCTAssertEqual(address & page.mask, 0)
            XCTAssertGreaterThanOrEqual(address, stateEnd)
            XCTAssertTrue(buffer.contains(address) && buffer.contains(address + page.mask))
            XCTAssertTrue(taken.insert(address).inserted)
          }
          // What lies before the first page and after the last is less than the state and two pages.
          let lost = UInt(buffer.count) - UInt(taken.count) * page.size
          XCTAssertLessThan(lost, 2 * page.size + stateEnd - buffer.lowerBound)
        }
      }
    }
  }

  func testABufferThatIsTooSmallIsRefused() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 3 * 65536, alignment: 65536)
    defer { memory.deallocate() }
    let buffer = UInt(bitPattern: memory)
    for page in PageSize.base {
      XCTAssertNil(RegionPointer.make(buffer: buffer, size: 0, page: page))
      XCTAssertNil(RegionPointer.make(buffer: buffer, size: 2 * page.size - 1, page: page))
      XCTAssertEqual(RegionPointer.make(buffer: buffer, size: 2 * page.size, page: page)?.available(page), 1)
      XCTAssertNil(RegionPointer.make(buffer: 0, size: large, page: page), "NULL")
      XCTAssertNil(RegionPointer.make(buffer: buffer, size: UInt.max, page: page), "wraps")
      XCTAssertNil(RegionPointer.make(buffer: UInt.max - 64, size: 64, page: page), "at the end of the address space")
    }
  }

  func testAgainstASetOfFreePages() {
    for page in PageSize.base {
      for offset: UInt in [0, 3 * 65536 + 100] {
        withRegion(page, offset: offset, size: 5 * large) { region, _ in
          var model = RegionModel(region)
          if let text = model.run(steps: 1200) {
            XCTFail("\(page.bytes)-byte pages: \(text); \(SeededRandom.hint)")
          }
        }
      }
    }
  }

  func testBasePagesLeaveWholeBlocksWhole() {
    withRegion(.kib64, offset: 0, size: 4 * large) { region, _ in
      let whole = region.available(.large)
      XCTAssertEqual(whole, 3, "the state is in the first block")
      let inFirst = region.pointee.freePages - whole * 32
      for _ in 0..<inFirst { XCTAssertNotNil(region.take(.kib64)) }
      XCTAssertEqual(region.available(.large), whole)
      XCTAssertNotNil(region.take(.kib64))
      XCTAssertEqual(region.available(.large), whole - 1)
    }
  }

  func testABadGiveBackIsIgnored() {
    withRegion(.kib4, offset: 0, size: 4 * large) { region, buffer in
      let base = region.take(.kib4)!
      let block = region.take(.large)!
      let free = region.take(.kib4)!
      region.giveBack(free, .kib4)
      let freePages = region.pointee.freePages
      let ledger = region.pointee.ledger
      let bad: [(UInt, PageSize)] = [
        (free, .kib4), (base + 1, .kib4), (base + 2048, .kib4), (base, .kib16), (base, .large), (block + 4096, .large),
        (0, .kib4), (0, .large), (buffer.lowerBound, .kib4), (buffer.lowerBound, .large),
        (buffer.upperBound + 1, .kib4),
        (buffer.upperBound + 1, .large), (UInt.max - 4095, .kib4), (buffer.lowerBound &- 4096, .kib4),
      ]
      for (address, page) in bad {
        region.giveBack(address, page)
        XCTAssertEqual(region.pointee.freePages, freePages, "\(address &- buffer.lowerBound) \(page.bytes)")
      }
      XCTAssertEqual(region.pointee.ledger.pagesHeld, ledger.pagesHeld)
      region.giveBack(base, .kib4)
      region.giveBack(block, .large)
      XCTAssertTrue(region.isWhole)
      XCTAssertEqual(region.pointee.ledger.pagesHeld, 0)
    }
  }

  func testItsProviderTakesAndGivesBack() {
    withRegion(.kib16, offset: 0, size: 4 * large) { region, _ in
      let provider = region.provider
      XCTAssertEqual(provider.pageSize, .kib16)
      let base = provider.allocate!(provider.context, 16384)
      let block = provider.allocate!(provider.context, 2 << 20)
      XCTAssertNotNil(base)
      XCTAssertNotNil(block)
      for odd in [-1, 0, 1, 4096, 65536, 1 << 20] { XCTAssertNil(provider.allocate!(provider.context, odd), "\(odd)") }
      provider.release!(provider.context, base!, 16384)
      provider.release!(provider.context, block!, 2 << 20)
      XCTAssertTrue(region.isWhole)
    }
  }
}
