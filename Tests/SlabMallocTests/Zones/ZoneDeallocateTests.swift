import XCTest

@testable import SlabMalloc

/// What deallocation says of every pointer into a page: the fast path's arithmetic, not the slow one's.
final class ZoneDeallocateTests: XCTestCase {
  /// Fills one page of a class, then frees every second slot.
  private func fillPage(_ test: TestZone, slotSize: UInt) -> (page: UInt, slots: UInt) {
    let size = min(slotSize, maxSize)
    let first = test.allocate(size, alignment: 8).address!
    let slots = test.zone.slab(around: first)!.slots
    let rest = (1..<slots).map { _ in test.allocate(size, alignment: 8).address! }
    for address in rest where (address - first) / slotSize % 2 == 1 {
      XCTAssertEqual(test.zone.deallocate(address), .ok)
    }
    return (first, slots)
  }

  private func expected(_ offset: UInt, _ slotSize: UInt, _ slots: UInt) -> Status {
    offset % slotSize != 0 || offset / slotSize >= slots
      ? Status.interiorPointer
      : offset / slotSize % 2 == 1 ? .doubleFree : .ok
  }

  private func check(_ page: PageSize, slotSize: UInt, offsets: (PageSize) -> any Sequence<UInt>) {
    let test = TestZone(page: page)
    let (start, slots) = fillPage(test, slotSize: slotSize)
    let slabPage = PageSize(bytes: Int(test.zone.slab(around: start)!.bytes))!
    for offset in offsets(slabPage) {
      let status = expected(offset, slotSize, slots)
      // Those that are live stay so, for the count at the end.
      if status == .ok { continue }
      let found = test.zone.deallocate(start + offset)
      let sized = test.zone.deallocate(start + offset, size: min(slotSize, maxSize))
      guard found == status, sized == status else {
        return XCTFail(
          "slots of \(slotSize), offset \(offset): \(found) and \(sized), not \(status); \(SeededRandom.hint)")
      }
    }
    for index in stride(from: UInt(0), to: slots, by: 2) {
      XCTAssertEqual(test.zone.deallocate(start + index * slotSize), .ok)
    }
    test.destroyAndCheck()
  }

  func testEveryAddressOfABasePage() {
    for page in PageSize.base {
      for index in 0..<SizeClass.count where SizeClass.slotSize(index) <= SlabGeometry.largestOnBasePage(page) {
        let step = page == .kib64 ? 11 : page == .kib16 ? 3 : 1
        check(page, slotSize: SizeClass.slotSize(index)) { stride(from: UInt(0), to: $0.size, by: step) }
      }
    }
  }

  func testAddressesOfALargePage() {
    var random = SeededRandom()
    for index in 0..<SizeClass.count where SizeClass.slotSize(index) > SlabGeometry.largestOnBasePage(.kib4) {
      let slotSize = SizeClass.slotSize(index)
      check(.kib4, slotSize: slotSize) { page in
        var offsets: [UInt] = [page.mask]
        for start in stride(from: UInt(0), to: page.size - slotSize, by: UInt.Stride(slotSize)) {
          offsets += [start, start + 1, start + slotSize - 1, start + UInt(random.below(Int(slotSize)))]
        }
        return offsets
      }
    }
  }

  /// The allocation done last is undone without a look at the slab. It must not be once anything else has happened.
  func testTheLastAllocationIsUndoneOnce() {
    let test = TestZone(page: .kib4)
    let doubleFree = Status.doubleFree
    let foreign = Status.foreignPointer
    XCTAssertNotNil(test.allocate(64))
    let address = test.allocate(64)!
    XCTAssertEqual(test.zone.deallocate(address), .ok)
    XCTAssertEqual(test.zone.deallocate(address), doubleFree)
    XCTAssertEqual(test.allocate(64, alignment: 8).address, address, "the same slot, by another way")
    for odd: UInt in [1, 2, 8, address + 1, address + 4096 * 1024] {
      XCTAssertNotEqual(test.zone.deallocate(odd), .ok, "\(odd)")
      XCTAssertNotEqual(test.zone.deallocate(odd, size: 64), .ok, "\(odd)")
    }
    XCTAssertEqual(test.zone.deallocate(1), foreign)
    XCTAssertNotEqual(test.allocate(64), address, "given twice")
    XCTAssertNil(test.zone.violation())
    test.destroyAndCheck(live: 3)
  }

  func testTheLastAllocationIsNotUndoneAsAnotherSize() {
    let test = TestZone(page: .kib4)
    let first = test.allocate(64)!
    let address = test.allocate(64)!
    for size: UInt in [0, 1, 32, 65, 1024, 5000] {
      XCTAssertEqual(test.zone.deallocate(address, size: size), Status.layoutMismatch, "\(size)")
    }
    // Above the classes a size is a large object's, and above a large page none's with this provider.
    XCTAssertEqual(test.zone.deallocate(address, size: maxSize + 1), Status.layoutMismatch)
    XCTAssertEqual(test.zone.deallocate(address, size: PageSize.large.size + 1), Status.invalidLayout)
    XCTAssertEqual(test.zone.deallocate(address, size: 50), .ok)
    XCTAssertEqual(test.zone.deallocate(first, size: 64), .ok)
    test.destroyAndCheck()
  }
}
