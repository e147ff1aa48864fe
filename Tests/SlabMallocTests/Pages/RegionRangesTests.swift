import XCTest

@testable import SlabMalloc

/// Regions of several ranges with holes between them.
final class RegionRangesTests: XCTestCase {
  private let large = PageSize.large.size

  /// Runs the body with the addresses of a buffer of so many blocks, aligned to 2 MiB and filled with a byte.
  private func withMemory(blocks: UInt, _ body: (UInt) -> Void) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Int(blocks * large), alignment: Int(large))
    defer { memory.deallocate() }
    memset(memory, 0xEE, Int(blocks * large))
    body(UInt(bitPattern: memory))
  }

  private func isUntouched(_ range: Range<UInt>) -> Bool {
    guard let start = UnsafeRawPointer(bitPattern: range.lowerBound), !range.isEmpty else { return true }
    return start.load(as: UInt8.self) == 0xEE && memcmp(start, start + 1, range.count - 1) == 0
  }

  func testPagesComeFromEachRangeAndFromNoHole() {
    for page in PageSize.base {
      // Holes at block boundaries, beside them, and within a block.
      for (offset, hole) in [(UInt(0), UInt(1)), (0, large), (100, 4096), (large - 8, 16), (large / 2, 65536 + 8)] {
        withMemory(blocks: 9) { start in
          let first = start + offset..<start + offset + 2 * large
          let second = first.upperBound + hole..<first.upperBound + hole + 3 * large + 1000
          let region = RegionPointer.make(buffer: first.lowerBound, size: UInt(first.count), page: page)!
          let before = region.pointee.freePages
          XCTAssertEqual(region.add(start: second.lowerBound, size: UInt(second.count)), .ok)
          XCTAssertGreaterThan(region.pointee.freePages, before + 2 * large / page.size)
          var counts = [0, 0]
          while let address = region.take(page) {
            let whole = address..<address + page.size
            let index = [first, second].firstIndex {
              $0.contains(whole.lowerBound) && $0.contains(whole.upperBound - 1)
            }
            guard let index else { return XCTFail("a page of a hole") }
            counts[index] += 1
            memset(UnsafeMutableRawPointer(bitPattern: address)!, 1, page.bytes)
          }
          XCTAssertEqual(UInt(counts[0]), before)
          XCTAssertEqual(UInt(counts[0] + counts[1]), region.pointee.pageCount)
          XCTAssertTrue(isUntouched(start..<first.lowerBound))
          XCTAssertTrue(isUntouched(first.upperBound..<second.lowerBound))
          XCTAssertTrue(isUntouched(second.upperBound..<start + 9 * large))
        }
      }
    }
  }

  func testRangesThatOverlapWrapOrAreTooSmallAreRefused() {
    withMemory(blocks: 4) { start in
      let region = RegionPointer.make(buffer: start + large, size: large, page: .kib4)!
      let free = region.pointee.freePages
      let overlapping: [(UInt, UInt)] = [
        (start + large, large), (start, large + 1), (start + 2 * large - 1, large), (start + large + 4096, 4096),
        (start, 3 * large), (start + 2 * large - 1, 1),
      ]
      for (address, size) in overlapping {
        XCTAssertEqual(region.add(start: address, size: size), Status.pageOwned)
      }
      for size in [0, 1, 64, 4096, 8191] as [UInt] {
        XCTAssertEqual(region.add(start: start, size: size), Status.invalidArgument, "\(size)")
      }
      XCTAssertEqual(region.add(start: 0, size: large), Status.invalidArgument)
      for (address, size) in [
        (start, UInt.max), (start, UInt.max - start + 1), (UInt.max - 4096, 4096), (4096, 1 << 62),
      ] {
        XCTAssertEqual(region.add(start: address, size: size), Status.badPage)
      }
      XCTAssertTrue(isUntouched(start..<start + large) && isUntouched(start + 2 * large..<start + 4 * large))
      XCTAssertEqual(region.pointee.freePages, free)
      XCTAssertEqual(region.ranges.count, 1)
      // Both neighbours fit exactly, once.
      for address in [start, start + 2 * large] {
        XCTAssertEqual(region.add(start: address, size: large), .ok)
        XCTAssertEqual(region.add(start: address, size: large), Status.pageOwned)
      }
      XCTAssertEqual(region.add(start: start + 3 * large, size: 8192), .ok, "the smallest")
      XCTAssertEqual(region.pointee.ranges!.pointee.pageCount, 1)
    }
  }

  func testAgainstASetOfFreePages() {
    for page in PageSize.base {
      for hole: UInt in [0, 3 * 65536 + 100, large] {
        withMemory(blocks: 10) { start in
          let region = RegionPointer.make(buffer: start + 77, size: 2 * large, page: page)!
          XCTAssertEqual(region.add(start: start + 4 * large + hole, size: 3 * large), .ok)
          XCTAssertEqual(region.add(start: start + 2 * large + 77, size: large / 2), .ok)
          var model = RegionModel(region)
          if let text = model.run(steps: 600) {
            XCTFail("\(page.bytes)-byte pages: \(text); \(SeededRandom.hint)")
          }
        }
      }
    }
  }

  func testABadGiveBackIsIgnored() {
    withMemory(blocks: 6) { start in
      let region = RegionPointer.make(buffer: start, size: large, page: .kib4)!
      XCTAssertEqual(region.add(start: start + 2 * large, size: 2 * large), .ok)
      while region.take(.kib4) != nil {}
      // In the hole, in either state, and past the end.
      for address in [start, start + large, start + 2 * large, start + 4 * large, start + 4 * large - 4096 + 1] {
        region.giveBack(address, .kib4)
        region.giveBack(address, .large)
      }
      XCTAssertEqual(region.pointee.freePages, 0)
      region.giveBack(start + large - 4096, .kib4)
      region.giveBack(start + 4 * large - 4096, .kib4)
      XCTAssertEqual(region.pointee.freePages, 2)
      region.giveBack(start + 3 * large, .large)
      XCTAssertEqual(region.pointee.freePages, 2, "a part of it is free")
    }
  }

  func testFragmentationOfAPattern() {
    for page in PageSize.base {
      withMemory(blocks: 5) { start in
        let region = RegionPointer.make(buffer: start + large - 65536, size: 3 * large + 65536, page: page)!
        var pages: [UInt] = []
        XCTAssertEqual(region.fragmentation().wholeBlocks, 3)
        while let address = region.take(page) { pages.append(address) }
        XCTAssertEqual(region.fragmentation(), Fragmentation())
        // Five pages on both sides of a block's start, and one alone.
        let middle = start + 2 * large
        for step in 0..<5 { region.giveBack(middle - 2 * page.size + UInt(step) * page.size, page) }
        region.giveBack(middle + 7 * page.size, page)
        XCTAssertEqual(region.fragmentation(), Fragmentation(freePages: 6, largestFreeRun: 5, wholeBlocks: 0))
        for address in pages where address >= middle && address < middle + large { region.giveBack(address, page) }
        XCTAssertEqual(
          region.fragmentation(),
          Fragmentation(freePages: 2 + large / page.size, largestFreeRun: 2 + large / page.size, wholeBlocks: 1))
      }
    }
  }
}
