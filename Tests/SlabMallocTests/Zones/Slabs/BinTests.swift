import XCTest

@testable import SlabMalloc

/// A bin of 512-byte slots, seven to a page, that is handed its pages.
final class BinTests: XCTestCase {
  private let size: UInt = 512
  private let perPage = 7
  private let test = TestZone(page: .kib4, supply: .push)
  private var bin: BinPointer { test.zone.bin(SizeClass.index(size: size)!) }

  override func setUp() {
    XCTAssertEqual(Int(SlabGeometry(slotSize: size, page: .kib4).slotCount), perPage)
  }

  /// Allocates every slot of so many new pages, page by page.
  private func fullPages(_ count: Int) -> [[UInt]] {
    for _ in 0..<count { XCTAssertEqual(test.refill(size), .ok) }
    let slots = (0..<count * perPage).map { _ in test.allocate(size)! }
    XCTAssertNil(test.allocate(size))
    return stride(from: 0, to: slots.count, by: perPage).map { Array(slots[$0..<$0 + perPage]) }
  }

  private func slab(_ address: UInt) -> SlabPointer { test.zone.slab(around: address)! }

  private func free(_ address: UInt, file: StaticString = #filePath, line: UInt = #line) {
    XCTAssertEqual(test.zone.deallocate(address), .ok, file: file, line: line)
    XCTAssertNil(test.zone.violation(), file: file, line: line)
  }

  private func returnReady() { test.zone.returnReady() }

  /// Gives back what is live, in the order given.
  private func end(_ live: [UInt]) {
    for address in live { free(address) }
    test.destroyAndCheck()
  }

  func testFirstFitInAFreshSlab() {
    for slots in fullPages(3) {
      let start = slots[0] & ~PageSize.kib4.mask
      XCTAssertEqual(slots, (0..<UInt(perPage)).map { start + $0 * size })
    }
    XCTAssertNil(test.zone.violation())
  }

  func testAPageIsFullExactlyAtItsSlotCount() {
    for slotSize: UInt in [8, 512] {
      for page in PageSize.base {
        let one = TestZone(page: page, slotSize: slotSize)
        for count in 1...SlabGeometry(slotSize: slotSize, page: page).slotCount {
          XCTAssertNotNil(one.zone.allocateObject())
          XCTAssertEqual(one.zone.live.slots, count)
        }
        XCTAssertEqual(one.provider.pagesOut, 1)
        XCTAssertNotNil(one.zone.allocateObject())
        XCTAssertEqual(one.provider.pagesOut, 2)
        one.destroyAndCheck(live: one.zone.live.slots)
      }
    }
  }

  func testABinWithoutSlabsHasNoSlots() {
    XCTAssertEqual(bin.readySlots, 0)
    XCTAssertFalse(bin.openNext())
    XCTAssertNil(test.allocate(size))
    XCTAssertEqual(test.allocate(size, alignment: 16).status, Status.outOfMemory)
    end([])
  }

  func testAnExhaustedSlabIsFullAndTheBinWorksAgainAfterARefill() {
    let first = fullPages(1)[0]
    XCTAssertFalse(bin.openNext())
    XCTAssertEqual(slab(first[0]).pointee.state, .full)
    XCTAssertNil(bin.pointee.current)
    XCTAssertEqual(test.refill(size), .ok)
    let next = test.allocate(size)
    XCTAssertNotNil(next)
    XCTAssertNil(test.zone.violation())
    end(first + [next!])
  }

  func testPartialSlabsAreUsedFirstInFirstOut() {
    let pages = fullPages(4)
    // Two of each: the very first one to be freed is redirected, and says nothing about the order.
    let order = [1, 0, 2]
    for page in order { for slot in pages[page][2...4] { free(slot) } }
    XCTAssertEqual(slab(pages[1][0]).pointee.state, .partial)
    XCTAssertEqual(bin.pointee.partial.first, slab(pages[1][0]))
    XCTAssertEqual(bin.pointee.partial.last, slab(pages[2][0]))
    let again = (0..<9).map { _ in test.allocate(size)! }
    XCTAssertEqual(again.map { slab($0) }, order.flatMap { Array(repeating: slab(pages[$0][0]), count: 3) })
    XCTAssertNil(test.allocate(size))
    end(pages.flatMap { $0 })
  }

  func testPartialSlabsComeBeforeEmptyOnes() {
    let pages = fullPages(2)
    free(pages[0][3])
    free(pages[0][4])
    XCTAssertEqual(test.refill(size), .ok)
    XCTAssertEqual(slab(test.allocate(size)!), slab(pages[0][0]))
    XCTAssertEqual(slab(test.allocate(size)!), slab(pages[0][0]))
    let fresh = test.allocate(size)!
    XCTAssertFalse(pages.flatMap { $0 }.contains(fresh))
    end(pages.flatMap { $0 } + [fresh])
  }

  func testALoneFreeSlotIsRedirected() {
    let pages = fullPages(3)
    for slot in [pages[0][3], pages[1][0], pages[2][6], pages[0][3]] {
      let used = slab(slot).used
      free(slot)
      // It is pending, and no list has changed.
      XCTAssertEqual(bin.readySlots.nonzeroBitCount, 1)
      XCTAssertEqual(slab(slot).used, used)
      XCTAssertNil(bin.pointee.partial.first)
      XCTAssertEqual(test.zone.deallocate(slot), Status.doubleFree)
      XCTAssertEqual(test.allocate(size), slot)
      XCTAssertEqual(bin.readySlots, 0)
    }
    end(pages.flatMap { $0 })
  }

  func testSettleTakesBackWhatIsPending() {
    XCTAssertEqual(test.refill(size), .ok)
    let slot = test.allocate(size)!
    XCTAssertEqual(bin.readySlots.nonzeroBitCount, perPage - 1)
    XCTAssertEqual(Int(slab(slot).used), perPage)
    returnReady()
    XCTAssertEqual(bin.readySlots, 0)
    XCTAssertEqual(slab(slot).used, 1)
    XCTAssertNil(test.zone.violation())
    free(slot)
    returnReady()
    XCTAssertEqual(slab(slot).pointee.state, .empty)
    XCTAssertEqual(bin.pointee.empty.first, slab(slot))
    XCTAssertNil(bin.pointee.current)
    XCTAssertEqual(test.allocate(size), slot)
    end([slot])
  }

  func testSettleOfALoneRedirectedSlot() {
    let pages = fullPages(2)
    free(pages[0][3])
    returnReady()
    XCTAssertNil(test.zone.violation())
    XCTAssertEqual(slab(pages[0][3]).pointee.state, .partial)
    XCTAssertEqual(test.allocate(size), pages[0][3])
    end(pages.flatMap { $0 })
  }

  func testAnEmptiedSlabMovesToTheEmptyOnes() {
    let pages = fullPages(3)
    for slot in pages[1].reversed() { free(slot) }
    returnReady()
    XCTAssertEqual(slab(pages[1][0]).pointee.state, .empty)
    XCTAssertEqual(bin.pointee.empty.first, slab(pages[1][0]))
    XCTAssertNil(test.zone.violation())
    XCTAssertEqual(test.reclaimAll(), 1)
    XCTAssertFalse(test.provider.holds(pages[1][0]))
    end(pages[0] + pages[2])
  }

  func testEmptySlabsAreUsedLastInFirstOut() {
    let pages = fullPages(4)
    for page in [0, 2] {
      for slot in pages[page] { free(slot) }
      returnReady()
    }
    XCTAssertEqual(bin.pointee.empty.first?.pointee.next, slab(pages[0][0]))
    XCTAssertEqual(slab(test.allocate(size)!), slab(pages[2][0]))
    end(pages[1] + pages[3] + [pages[2][0]])
  }

  /// Slabs of one bin may differ in size: a slot of 3 KiB takes a base page, if there is one, or a large page.
  func testSlabsOfTwoSizes() {
    let bin = test.zone.bin(SizeClass.index(size: 3072)!)
    let small = test.provider.allocate(4096)!
    XCTAssertEqual(test.zone.refill(size: 3000, alignment: 8, page: small, pageSize: 4096), .ok)
    XCTAssertEqual(test.refill(3000), .ok)
    XCTAssertEqual(bin.pointee.emptyCount, 2)
    let many = bin.geometry(bytes: PageSize.large.size).slotCount
    XCTAssertEqual(UInt(bin.pointee.emptySlots), many + 1)
    let live = (0...many).map { _ in test.allocate(3000)! }
    XCTAssertNil(test.allocate(3000))
    XCTAssertEqual(live.count { test.zone.slab(around: $0)!.bytes == 4096 }, 1)
    XCTAssertTrue(live.contains(small))
    XCTAssertNil(test.zone.violation())
    end(live)
  }
}
