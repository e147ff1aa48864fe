import XCTest

@testable import SlabMalloc

/// A slab must tell exactly what a pointer is: whatever index and remainder an integer division gives.
final class SlabTests: XCTestCase {
  /// Each third slot is used, the others are free.
  private func useEachThird(_ slab: SlabPointer) {
    for index in stride(from: UInt(0), to: slab.slots, by: 3) { XCTAssertTrue(slab.claim(slot: index)) }
  }

  private func check(_ slab: SlabPointer, offset: UInt, slotSize: UInt, count: UInt) -> Bool {
    let index = offset / slotSize
    switch slab.state(at: slab.start + offset) {
    case .interior: return offset % slotSize != 0 || index >= count
    case .used(let found): return offset % slotSize == 0 && index < count && index % 3 == 0 && found == index
    case .free: return offset % slotSize == 0 && index < count && index % 3 != 0
    }
  }

  private func check(_ slotSize: UInt, _ page: PageSize, offsets: some Sequence<UInt>) {
    let count = SlabGeometry(slotSize: slotSize, page: page).slotCount
    TestPage.withSlab(page, slotSize: slotSize) { slab in
      useEachThird(slab)
      for offset in offsets where !check(slab, offset: offset, slotSize: slotSize, count: count) {
        return XCTFail("slots of \(slotSize) in \(page.bytes) bytes: offset \(offset); \(SeededRandom.hint)")
      }
    }
  }

  /// The edges of every slot, and some bytes between.
  private func someOffsets(_ slotSize: UInt, _ page: PageSize, _ random: inout SeededRandom) -> [UInt] {
    var offsets: [UInt] = [0, page.mask]
    let step = max(1, page.size / slotSize / 400)
    for index in stride(from: UInt(0), to: page.size / slotSize, by: UInt.Stride(step)) {
      let start = index * slotSize
      offsets += [start, start + 1, start + slotSize - 1, start + UInt(random.below(Int(slotSize)))]
    }
    return offsets
  }

  func testEveryOffsetOfABasePage() {
    let sizes = (0..<SizeClass.count).map { SizeClass.slotSize($0) }
    for page in PageSize.base {
      // On the largest page an odd step, which takes every offset within a slot by turns; else every offset.
      let step = page == .kib64 ? 7 : 1
      for slotSize in sizes where slotSize <= SlabGeometry.largestOnBasePage(page) {
        check(slotSize, page, offsets: stride(from: 0, to: page.size, by: step))
      }
    }
  }

  func testEdgesOfEverySlotOfALargePage() {
    var random = SeededRandom()
    for index in 0..<SizeClass.count where SizeClass.slotSize(index) > 2048 {
      let slotSize = SizeClass.slotSize(index)
      check(slotSize, .large, offsets: someOffsets(slotSize, .large, &random))
    }
  }

  func testAnySlotSize() {
    var random = SeededRandom(stream: 1)
    for _ in 0..<200 {
      let slotSize = UInt(1 + random.below(1 << random.below(18))) * 8
      let base = PageSize.base[random.below(3)]
      let page = slotSize <= SlabGeometry.largestOnBasePage(base) ? base : .large
      check(slotSize, page, offsets: someOffsets(slotSize, page, &random))
    }
  }

  func testAFreshSlabIsEmptyAndNotFull() {
    for page in PageSize.all {
      TestPage.withSlab(page, slotSize: 2048) { slab in
        XCTAssertEqual(slab.used, 0)
        XCTAssertEqual(slab.pointee.state, .empty)
        XCTAssertEqual(slab.slots, SlabGeometry(slotSize: 2048, page: page).slotCount)
        XCTAssertEqual(slab.bytes, page.size)
      }
    }
  }

  func testEachSlotIsClaimedOnce() {
    for slotSize: UInt in [8, 512] {
      for page in PageSize.base {
        TestPage.withSlab(page, slotSize: slotSize) { slab in
          for index in 0..<slab.slots {
            XCTAssertTrue(slab.claim(slot: index))
            XCTAssertFalse(slab.claim(slot: index), "twice")
          }
          XCTAssertTrue((0..<UInt(slab.pointee.wordCount)).allSatisfy { slab.word($0).pointee.freeSlots == 0 })
        }
      }
    }
  }

  func testADescriptorEndsItsSlab() {
    for page in PageSize.all {
      TestPage.withSlab(page, slotSize: 2048) { slab in
        XCTAssertEqual(SlabPointer.ending(with: slab.start | page.mask), slab)
        XCTAssertEqual(slab.start & page.mask, 0)
        XCTAssertEqual(slab.end, slab.start + page.mask)
        XCTAssertEqual(slab.address % 64, 0, "a cache line of its own")
      }
    }
  }

  func testLowBits() {
    for count in 0...130 { XCTAssertEqual(lowBits(UInt(count)).nonzeroBitCount, min(count, 64)) }
    XCTAssertEqual(lowBits(5), 0b11111)
  }
}
