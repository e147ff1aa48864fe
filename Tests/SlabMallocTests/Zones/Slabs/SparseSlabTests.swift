import XCTest

@testable import SlabMalloc

/// Slabs with few free slots. A zone of one size: 16-byte slots, some 250 to a page.
final class SparseSlabTests: XCTestCase {
  private let one = TestZone(page: .kib4, slotSize: 16)
  private let slots = Int(SlabGeometry(slotSize: 16, page: .kib4).slotCount)

  private func allocate() -> UInt? { one.zone.allocateObject().map { UInt(bitPattern: $0) } }

  /// A page is taken before slabs with few free slots are opened. They are used before memory is out.
  func testManySparseSlabsComeLast() {
    let many = Int(Bin.manySparse)
    // One page more, which is the current one.
    let live = (0..<(many + 1) * slots).map { _ in allocate()! }
    // The very first to be freed is redirected.
    let freed = (0..<many).flatMap { [live[$0 * slots + 2], live[$0 * slots + 3]] }
    for address in freed { XCTAssertEqual(one.zone.deallocate(address), .ok) }
    XCTAssertEqual(one.zone.slab(around: freed[2])!.pointee.state, .sparse)
    XCTAssertEqual(allocate(), freed[0])
    XCTAssertNil(one.zone.violation())
    for _ in 0..<slots { XCTAssertFalse(live.contains(allocate()!)) }
    one.provider.fault = { _, _ in .outOfMemory }
    XCTAssertEqual((1..<freed.count).map { _ in allocate() }, freed.dropFirst().map { $0 })
    XCTAssertNil(allocate())
    XCTAssertNil(one.zone.violation())
    one.destroyAndCheck(live: UInt((many + 2) * slots))
  }

  func testFewSparseSlabsAreUsedBeforeAPageIsTaken() {
    let live = (0..<2 * slots).map { _ in allocate()! }
    for address in live[2...4] { XCTAssertEqual(one.zone.deallocate(address), .ok) }
    XCTAssertEqual(live[2...4].map { _ in allocate()! }, Array(live[2...4]))
    XCTAssertEqual(one.provider.pagesOut, 2)
    one.destroyAndCheck(live: UInt(2 * slots))
  }

  func testASparseSlabBecomesPartialWhenAnEighthIsFree() {
    let live = (0..<2 * slots).map { _ in allocate()! }
    let slab = one.zone.slab(around: live[0])!
    // The first to be freed is pending, so it counts as used.
    XCTAssertEqual(one.zone.deallocate(live[0]), .ok)
    for free in 1..<slots {
      XCTAssertEqual(one.zone.deallocate(live[free]), .ok)
      XCTAssertEqual(slab.pointee.state, free < slots / 8 ? .sparse : .partial, "\(free) of \(slots) are free")
      XCTAssertNil(one.zone.violation())
    }
    one.zone.returnReady()
    XCTAssertEqual(slab.pointee.state, .empty)
    one.destroyAndCheck(live: UInt(slots))
  }
}
