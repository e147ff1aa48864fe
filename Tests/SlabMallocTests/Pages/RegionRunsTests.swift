import XCTest

@testable import SlabMalloc

/// Runs of pages out of regions.
final class RegionRunsTests: XCTestCase {
  private let large = PageSize.large.size

  private func withMemory(blocks: UInt, _ body: (UInt) -> Void) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Int(blocks * large), alignment: Int(large))
    defer { memory.deallocate() }
    body(UInt(bitPattern: memory))
  }

  func testAgainstASetOfFreePages() {
    for page in PageSize.base {
      for (blocks, offset) in [(UInt(1), UInt(0)), (3, 100), (7, large - 65536 * 3)] {
        withMemory(blocks: blocks + 1) { start in
          let region = RegionPointer.make(buffer: start + offset, size: blocks * large, page: page)!
          var model = RunModel(region)
          if let text = model.run(steps: 500) { XCTFail("\(page.bytes)-byte pages: \(text); \(SeededRandom.hint)") }
        }
      }
    }
  }

  func testAgainstASetOfFreePagesWithHoles() {
    for page in PageSize.base {
      withMemory(blocks: 9) { start in
        let region = RegionPointer.make(buffer: start + 77, size: 2 * large, page: page)!
        XCTAssertEqual(region.add(start: start + 4 * large + 100, size: 4 * large), .ok)
        XCTAssertEqual(region.add(start: start + 2 * large + 77, size: large / 2), .ok)
        var model = RunModel(region)
        if let text = model.run(steps: 500) { XCTFail("\(page.bytes)-byte pages: \(text); \(SeededRandom.hint)") }
      }
    }
  }
}
