import SlabMalloc
import XCTest

/// A safe zone in storage of the caller's, fed by hand, with typed values.
final class SafeZoneAllocatorPushTests: XCTestCase {
  private let storage = Memory(SafeZoneAllocator.storageSize)
  private let page = Memory(page: .kib4)
  private let layout = Layout(size: 40, alignment: 8)

  func testPagesAreHandedInAndTakenOut() throws {
    let zone = try SafeZoneAllocator(storage: storage.bytes)
    assertThrows(.outOfMemory) { try zone.allocate(layout) }
    try zone.refill(layout, page: page.bytes)
    assertThrows(.pageOwned) { try zone.refill(layout, page: page.bytes) }
    let pointer = try zone.allocate(layout)
    XCTAssertTrue(page.holds(pointer))
    XCTAssertTrue(zone.owns(pointer))
    XCTAssertFalse(zone.owns(storage.start))
    XCTAssertEqual(zone.usableSize(pointer), 48)
    XCTAssertEqual(zone.usableSize(pointer + 1), 0)
    XCTAssertNil(zone.reclaimPage(.kib4), "an object is live")
    assertThrows(.noProvider) { try zone.reclaim(.kib4) }
    try zone.deallocate(pointer, layout)
    XCTAssertEqual(zone.reclaimPage(.kib4), page.start)
    XCTAssertFalse(zone.owns(pointer))
  }

  func testStorageMustBeAlignedAndLargeEnough() {
    let short = UnsafeMutableRawBufferPointer(rebasing: storage.bytes.dropLast())
    let skewed = UnsafeMutableRawBufferPointer(start: storage.start + 8, count: storage.bytes.count)
    assertThrows(.invalidArgument) { _ = try SafeZoneAllocator(storage: short) }
    assertThrows(.invalidArgument) { _ = try SafeZoneAllocator(storage: skewed) }
    assertThrows(.invalidArgument) { _ = try SafeZoneAllocator(storage: storage.bytes, pageSize: .large) }
  }

  func testValuesEndWhenTheirMemoryGoesBackAndNotBefore() throws {
    let zone = try SafeZoneAllocator(provider: .mmap)
    Counted.ended = 0
    let counted = try zone.allocate(Counted(7))
    let unique = try zone.allocate(Unique(number: 8))
    XCTAssertEqual(counted.pointee.number + unique.pointee.number, 15)
    let wrong = UnsafeMutableRawPointer(counted).assumingMemoryBound(to: (Int, Int, Int).self)
    assertThrows(.layoutMismatch) { try zone.deallocate(wrong) }
    XCTAssertEqual(Counted.ended, 0)
    try zone.deallocate(counted)
    XCTAssertEqual(Counted.ended, 1)
    try zone.deallocate(unique)
    XCTAssertEqual(Counted.ended, 2)
    assertThrows(.doubleFree) { try zone.deallocate(unique) }
    XCTAssertEqual(Counted.ended, 2)
  }
}
