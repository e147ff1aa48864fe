import XCTest

@testable import SlabMalloc

final class SlabGeometryTests: XCTestCase {
  private let classes = (0..<SizeClass.count).map { SizeClass.slotSize($0) }

  private func share(_ slotSize: UInt, _ page: PageSize) -> Double {
    Double(SlabGeometry(slotSize: slotSize, page: page).slotCount * slotSize) / Double(page.size)
  }

  /// Asks a zone which page a class is carved from.
  private func pages(of base: PageSize) -> [(slotSize: UInt, page: PageSize)] {
    let zone = TestZone(page: base)
    return (0..<SizeClass.count).map {
      (zone.zone.bin($0).pointee.slotSize, PageSize(bytes: Int(zone.zone.bin($0).pointee.slabBytes))!)
    }
  }

  /// The descriptor takes the place of one slot at most, and what is left is less than another.
  func testSlotsOfALargePageUseAllButLessThanTwo() {
    for base in PageSize.base {
      for (slotSize, page) in pages(of: base) where page.isLarge {
        let slots = SlabGeometry(slotSize: slotSize, page: page).slotCount
        XCTAssertGreaterThan((slots + 2) * slotSize, page.size, "class \(slotSize)")
        XCTAssertGreaterThanOrEqual(slots, 15)
      }
    }
  }

  /// Where the provider gives runs: 20 of 21 bytes are slots' up to 2 KiB, and 8 of 9 above, in the fewest pages that
  /// have slots enough.
  func testRunsOfPagesWasteLittle() {
    for base in PageSize.base {
      for count: UInt8 in 0...15 {
        let (isGuarded, pulled) = (count & 1 == 1, count / 2)
        for slotSize in classes where slotSize <= SizeClass.fastLimit {
          let bytes = SlabGeometry.slabBytes(slotSize: slotSize, page: base, isGuarded: isGuarded, pulled: pulled)
          func use(_ bytes: UInt) -> UInt {
            SlabGeometry(slotSize: slotSize, bytes: bytes, isGuarded: isGuarded).slotCount * slotSize
          }
          let (part, whole): (UInt, UInt) = slotSize <= 2048 ? (20, 21) : (8, 9)
          let name = "slots of \(slotSize), pages of \(base.bytes), \(bytes) bytes"
          XCTAssertEqual(bytes % base.size, 0, name)
          XCTAssertLessThan(bytes, PageSize.large.size, name)
          XCTAssertGreaterThanOrEqual(use(bytes) * whole, bytes * part, name)
          // The slabs of a class grow.
          let few = min(16, max(4, (64 << 10) / slotSize))
          let many: UInt = [16, 64, 64, 128, 128, 128, 128, 256][Int(pulled)]
          let least = slotSize > 2048 || pulled == 0 ? few : min(many, many * 512 / slotSize)
          XCTAssertGreaterThanOrEqual(use(bytes), least * slotSize, name)
          for fewer in stride(from: base.size, to: bytes, by: Int(base.size))
          where fewer > slotSize + 128 && use(fewer) >= least * slotSize {
            XCTAssertLessThan(use(fewer) * whole, fewer * part, name + ": \(fewer) would do")
          }
        }
      }
    }
  }

  /// Slabs of a cache whose slots are aligned to more than a page: eight slots' bytes, of which seven are slots'. A run
  /// of them is a multiple of its alignment, and leaves no gap before the next.
  func testAlignedSlabsHaveTheRoomOfEightSlots() {
    for base in PageSize.base {
      for isGuarded in [false, true] {
        for slotSize in stride(from: 2 * base.size, through: PageSize.large.size / 16, by: Int(2 * base.size)) {
          let bytes = SlabGeometry.slabBytes(slotSize: slotSize, page: base, isGuarded: isGuarded, isAligned: true)
          let name = "slots of \(slotSize), pages of \(base.bytes)"
          XCTAssertEqual(bytes, 8 * slotSize, name)
          XCTAssertEqual(bytes % SizeClass.naturalAlignment(slotSize), 0, name)
          let geometry = SlabGeometry(slotSize: slotSize, bytes: bytes, isGuarded: isGuarded)
          XCTAssertEqual(geometry.slotCount, 7, name)
          XCTAssertLessThan(bytes, PageSize.large.size, name + ": no run is as long as a large page")
        }
        // Larger slots have a slab as any others.
        let large = PageSize.large.size / 8
        XCTAssertEqual(
          SlabGeometry.slabBytes(slotSize: large, page: base, isGuarded: isGuarded, isAligned: true),
          SlabGeometry.slabBytes(slotSize: large, page: base, isGuarded: isGuarded))
      }
    }
  }

  /// Tables that lodge in a slab take slots, and no more than they need; all parts keep clear of each other.
  func testLodgersTakeTheLastSlots() {
    for base in PageSize.base {
      for slotSize in classes where slotSize <= SlabGeometry.largestOnBasePage(base) {
        for isGuarded in [false, true] {
          let plain = SlabGeometry(slotSize: slotSize, bytes: base.size, isGuarded: isGuarded)
          for lodgers: UInt in 1...4 {
            let geometry = SlabGeometry(slotSize: slotSize, bytes: base.size, isGuarded: isGuarded, lodgers: lodgers)
            let name = "slots of \(slotSize) in \(base.bytes) bytes with \(lodgers) tables"
            XCTAssertEqual(geometry.wordCount, plain.wordCount, name)
            let descriptor = base.size - SlabGeometry.descriptorSize
            let start = SlabGeometry.lodgersStart(descriptor, wordCount: geometry.wordCount, lodgers)
            let room = start - (isGuarded ? Canary.size : 0)
            XCTAssertEqual(start % 64, 0, name)
            XCTAssertLessThanOrEqual(geometry.slotCount * slotSize, room, name)
            XCTAssertEqual(geometry.slotCount, min(plain.slotCount, room / slotSize), name)
            let end = start + lodgers * PageDirectory.tableBytes
            XCTAssertLessThanOrEqual(end, descriptor - geometry.wordCount * SlabGeometry.wordSize, name)
          }
        }
      }
    }
  }

  func testSlotsUpToASixteenthUseAtLeast90PercentOfABasePage() {
    for base in PageSize.base {
      for (slotSize, page) in pages(of: base) where page == base && slotSize <= base.size / 16 {
        let share = share(slotSize, page)
        XCTAssertGreaterThanOrEqual(share, 0.9, "class \(slotSize) uses \(share * 100) % of \(page.bytes) bytes")
      }
    }
  }

  func testAnySlotSizeUpToASixteenthUsesAtLeast90PercentOfAPage() {
    for page in PageSize.all {
      for slotSize in stride(from: UInt(8), through: page.size / 16, by: 8) {
        let share = share(slotSize, page)
        if share < 0.9 { XCTFail("slots of \(slotSize) use \(share * 100) % of \(page.bytes) bytes") }
      }
    }
  }

  func testEachSizeIsCarvedFromThePageThatTheRuleSays() {
    for base in PageSize.base {
      let limit = max(2048, base.size / 16)
      for (slotSize, page) in pages(of: base) {
        XCTAssertEqual(page, slotSize <= limit ? base : .large, "class \(slotSize), base pages of \(base.bytes)")
      }
    }
  }

  func testPartsDoNotOverlapAndOneMoreSlotWouldNotFit() {
    for page in PageSize.all {
      for slotSize in classes where slotSize <= page.size / 2 { check(slotSize, page) }
      for slotSize in stride(from: UInt(8), through: min(4096, page.size / 2), by: 8) { check(slotSize, page) }
    }
    check(PageSize.large.size / 2, .large)
  }

  private func check(_ slotSize: UInt, _ page: PageSize) {
    let geometry = SlabGeometry(slotSize: slotSize, page: page)
    func used(_ slots: UInt) -> UInt {
      slots * slotSize + (slots + 63) / 64 * SlabGeometry.wordSize + SlabGeometry.descriptorSize
    }
    let name = "slots of \(slotSize) in \(page.bytes) bytes"
    if geometry.slotCount == 0 { XCTFail(name + ": none") }
    if geometry.wordCount != (geometry.slotCount + 63) / 64 { XCTFail(name + ": \(geometry.wordCount) words") }
    if used(geometry.slotCount) > page.size { XCTFail(name + ": parts overlap") }
    if used(geometry.slotCount + 1) <= page.size { XCTFail(name + ": one more fits") }
  }

  /// The descriptor counts words in a byte, of the page that a size gets.
  func testAPageHasAtMost128Words() {
    for base in PageSize.base {
      for slotSize in stride(from: UInt(8), through: 4096, by: 8) {
        let page = slotSize <= SlabGeometry.largestOnBasePage(base) ? base : .large
        XCTAssertLessThanOrEqual(SlabGeometry(slotSize: slotSize, page: page).wordCount, 128, "slots of \(slotSize)")
      }
    }
  }

  func testWordsAndDescriptorAreWhereGeometrySaysTheyMayBe() {
    for page in PageSize.all {
      // A large page holds no small slots: its summary has no room for so many words.
      for slotSize in classes where slotSize <= page.size / 2 && (!page.isLarge || slotSize >= 2048) {
        TestPage.withSlab(page, slotSize: slotSize) { slab in
          let words = (0..<UInt(slab.pointee.wordCount)).map { UInt(bitPattern: slab.word($0)) }
          XCTAssertGreaterThanOrEqual(words.min()!, slab.slot(slab.slots), "\(slotSize)")
          XCTAssertLessThanOrEqual(words.max()! + SlabGeometry.wordSize, slab.address, "\(slotSize)")
          XCTAssertEqual(Set(words).count, words.count)
          XCTAssertEqual(slab.address + SlabGeometry.descriptorSize, slab.start + page.size)
          XCTAssertEqual(slab.address % 8, 0)
        }
      }
    }
  }
}
