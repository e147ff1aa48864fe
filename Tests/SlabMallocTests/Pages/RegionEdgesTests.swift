import CSlabPort
import XCTest

@testable import SlabMalloc

/// Ranges at the edges: at the end of the address space, as large as the address space, and far larger than memory.
final class RegionEdgesTests: XCTestCase {
  private let large = PageSize.large.size

  func testARangeUpToTheLastByte() {
    for page in PageSize.base {
      for size in [3 * page.size, large, large + 12345, 1 << 40, UInt.max - 4095] {
        let start = 0 &- size
        guard let range = MemoryRange(start: start, last: UInt.max, state: roundUp(start, to: 8), page: page) else {
          return XCTFail("\(size) bytes of \(page.bytes)-byte pages")
        }
        XCTAssertGreaterThanOrEqual(range.firstPage, range.tree.end)
        XCTAssertGreaterThan(range.tree.end, start)
        XCTAssertLessThan(range.firstPage - range.tree.end, page.size)
        // All but the last page, behind which is address 0.
        XCTAssertEqual(range.firstPage &+ range.pageCount &* page.size, 0 &- page.size)
        XCTAssertLessThan(range.tree.end - start, 2048 + (size / large + 2) * (page == .kib4 ? 640 : 192))
        var value = range
        withUnsafeMutablePointer(to: &value) { range in
          XCTAssertTrue(range.holds(0 &- 2 * page.size, 1, page))
          for (address, pages) in [(0 &- page.size, UInt(1)), (0 &- 2 * page.size, 2), (0 &- 2 * page.size, UInt.max)] {
            XCTAssertFalse(range.holds(address, pages, page))
          }
          XCTAssertFalse(range.holds(start & ~page.mask, 1, page))
          XCTAssertFalse(range.holds(0, 1, page))
        }
      }
      XCTAssertNil(MemoryRange(start: 0 &- page.size, last: UInt.max, state: 0 &- page.size, page: page))
    }
  }

  func testWhereMemoryCanBe() {
    XCTAssertTrue(MemoryRange.canBe(4096, 1 << 40))
    XCTAssertTrue(MemoryRange.canBe(4096, 0))
    XCTAssertTrue(MemoryRange.canBe(4096, (1 << 56) - 4096))
    for (start, size) in [
      (UInt(0), UInt(4096)), (4096, UInt.max), (4096, UInt.max - 4094), (UInt.max, 2), (UInt.max - 4095, 4097),
    ] { XCTAssertFalse(MemoryRange.canBe(start, size), "\(start) \(size)") }
    // A program has no memory there: its system has.
    for (start, size) in [(UInt(4096), UInt(1) << 56), (1 << 63, 4096), (UInt.max - 4095, 4096)] {
      XCTAssertFalse(MemoryRange.canBe(start, size), "\(start) \(size)")
    }
  }

  /// Nothing is written but the paths of the tree: 16 TiB of address space need little memory.
  func testARangeFarLargerThanMemory() throws {
    let size = 16 << 40
    guard let memory = slm_port_map(size) else { throw XCTSkip("the system refuses so much address space") }
    defer { slm_port_unmap(memory, size) }
    for page in PageSize.base {
      let region = RegionPointer.make(buffer: UInt(bitPattern: memory) + 100, size: UInt(size) - 200, page: page)!
      let (pages, blocks) = (region.pointee.freePages, region.available(.large))
      XCTAssertEqual(
        region.fragmentation(), Fragmentation(freePages: pages, largestFreeRun: pages, wholeBlocks: blocks))
      let one = region.takeRun(size: 5 << 40, alignment: 1 << 40)!
      XCTAssertEqual(one % (1 << 40), 0)
      let two = region.takeRun(size: 5 << 40, alignment: page.size)!
      let single = region.take(page)!
      let block = region.take(.large)!
      XCTAssertNil(region.takeRun(size: 8 << 40, alignment: page.size))
      XCTAssertEqual(
        region.pointee.freePages, pages - 2 * ((5 << 40) / page.size) - 1 - large / page.size)
      XCTAssertTrue(region.giveBackRun(one + 1 << 40, size: 1 << 40), "a part")
      XCTAssertFalse(region.giveBackRun(one, size: 5 << 40), "not all of it is taken")
      XCTAssertTrue(region.giveBackRun(one, size: 1 << 40))
      XCTAssertTrue(region.giveBackRun(one + 2 << 40, size: 3 << 40))
      XCTAssertTrue(region.giveBackRun(two, size: 5 << 40))
      XCTAssertTrue(region.giveBack(single, page))
      XCTAssertTrue(region.giveBack(block, .large))
      XCTAssertEqual(
        region.fragmentation(), Fragmentation(freePages: pages, largestFreeRun: pages, wholeBlocks: blocks))
      XCTAssertTrue(region.isWhole)
    }
  }
}
