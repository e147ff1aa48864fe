import SlabMalloc
import XCTest

final class ZoneAllocatorTests: XCTestCase {
  override func setUp() { Counted.ended = 0 }

  func testMemoryOfEverySizeHoldsWhatIsWrittenToIt() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    var live: [(pointer: UnsafeMutableRawPointer, size: Int)] = []
    for size in [0, 1, 7, 8, 9, 100, 1024, 1025, 4096, 4097, 57_345, 128 << 10] {
      for alignment in [1, 8, 64, 4096] {
        let pointer = try zone.allocate(Layout(size: size, alignment: alignment))
        XCTAssertEqual(UInt(bitPattern: pointer) % UInt(alignment), 0, "size \(size)")
        XCTAssertGreaterThanOrEqual(zone.usableSize(pointer), size)
        pointer.initializeMemory(as: UInt8.self, repeating: UInt8(live.count), count: size)
        live.append((pointer, size))
      }
    }
    for (index, (pointer, size)) in live.enumerated() {
      let bytes = UnsafeRawBufferPointer(start: pointer, count: size)
      XCTAssertTrue(bytes.allSatisfy { $0 == UInt8(index) }, "size \(size)")
      try zone.deallocate(pointer)
      XCTAssertEqual(zone.usableSize(pointer), 0, "size \(size)")
    }
  }

  func testDeallocationWithALayoutOfTheSizeClass() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    for size in [1, 100, 112, 5000, 128 << 10] {
      let layout = Layout(size: size, alignment: 16)
      try zone.deallocate(try zone.allocate(layout), layout)
    }
    // 100 and 112 bytes are of one class.
    let pointer = try zone.allocate(Layout(size: 100, alignment: 8))
    try zone.deallocate(pointer, Layout(size: 112, alignment: 16))
  }

  func testOwnsWhatIsInItsPages() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let other = try ZoneAllocator(provider: .mmap)
    let pointer = try zone.allocate(Layout(size: 100, alignment: 8))
    XCTAssertTrue(zone.owns(pointer))
    XCTAssertTrue(zone.owns(pointer + 1))
    XCTAssertFalse(other.owns(pointer))
    XCTAssertEqual(other.usableSize(pointer), 0)
    try zone.deallocate(pointer)
    XCTAssertTrue(zone.owns(pointer), "the page is still the zone's")
  }

  func testLayoutOfAValue() {
    XCTAssertEqual(Layout(of: Int32.self), Layout(size: 4, alignment: 4))
    XCTAssertEqual(Layout(of: (Int, UInt8).self), Layout(size: 9, alignment: 8))
    XCTAssertEqual(Layout(of: Void.self), Layout(size: 0, alignment: 1))
    XCTAssertEqual(Layout(of: SIMD4<Float>.self), Layout(size: 16, alignment: 16))
    XCTAssertEqual(Layout(of: Unique.self), Layout(size: 8, alignment: 8))
  }

  func testAValueMovesInAndEnds() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let text = try zone.allocate("a string that is too long to be stored inline")
    let vector = try zone.allocate(SIMD4<Float>(repeating: 2))
    XCTAssertEqual(UInt(bitPattern: vector) % 16, 0)
    text.pointee += ", and longer"
    XCTAssertTrue(text.pointee.hasSuffix("inline, and longer"))
    XCTAssertEqual(vector.pointee.sum(), 8)
    try zone.deallocate(text)
    try zone.deallocate(vector)
    XCTAssertEqual(zone.usableSize(text), 0)
    XCTAssertEqual(zone.usableSize(vector), 0)
  }

  func testAReferenceIsReleasedOnDeallocate() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let pointer = try zone.allocate(Counted(5))
    XCTAssertEqual(pointer.pointee.number, 5)
    XCTAssertEqual(Counted.ended, 0, "the zone holds the object")
    try zone.deallocate(pointer)
    XCTAssertEqual(Counted.ended, 1)
    assertThrows(.doubleFree) { try zone.deallocate(pointer) }
    XCTAssertEqual(Counted.ended, 1)
  }

  func testAValueThatCannotBeCopied() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let pointer = try zone.allocate(Unique(number: 7))
    XCTAssertEqual(pointer.pointee.number, 7)
    XCTAssertEqual(Counted.ended, 0)
    try zone.deallocate(pointer)
    XCTAssertEqual(Counted.ended, 1)
  }

  func testAValueEndsWhenThereIsNoMemoryForIt() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    let zone = try ZoneAllocator(storage: storage.bytes)
    do throws(AllocationError) {
      _ = try zone.allocate(Unique(number: 1))
      XCTFail("there is no page")
    } catch {
      XCTAssertEqual(error, .outOfMemory)
    }
    XCTAssertEqual(Counted.ended, 1)
  }

  /// A pointer that is refused is left as it was: its value doesn't end.
  func testARefusedValueLivesOn() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let other = try ZoneAllocator(provider: .mmap)
    let pointer = try zone.allocate((Counted(1), Counted(2), Counted(3)))
    assertThrows(.foreignPointer) { try other.deallocate(pointer) }
    let second = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Counted.self) + 1
    assertThrows(.interiorPointer) { try zone.deallocate(second) }
    let first = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Counted.self)
    assertThrows(.layoutMismatch) { try zone.deallocate(first) }
    XCTAssertEqual(Counted.ended, 0)
    XCTAssertEqual(pointer.pointee.2.number, 3)
    try zone.deallocate(pointer)
    XCTAssertEqual(Counted.ended, 3)
  }

  /// A value may use the zone it lives in when it ends.
  func testAValueThatFreesAnotherWhenItEnds() throws {
    final class Owner {
      let end: () -> Void
      init(_ end: @escaping () -> Void) { self.end = end }
      deinit { end() }
    }
    let zone = try ZoneAllocator(provider: .mmap)
    let part = try zone.allocate(1.5)
    let whole = try zone.allocate(Owner { do { try zone.deallocate(part) } catch { XCTFail("\(error)") } })
    try zone.deallocate(whole)
    XCTAssertEqual(zone.usableSize(part), 0)
  }

  func testStatisticsCountSlotsAndPages() throws {
    let zone = try ZoneAllocator(pageSize: .kib64, provider: .mmap)
    let sizes = (0..<zone.classCount).map { zone.statistics(ofClass: $0).slotSize }
    XCTAssertEqual(sizes, sizes.sorted())
    XCTAssertEqual(sizes.first, 8)
    XCTAssertGreaterThanOrEqual(sizes.last!, 128 << 10)
    let index = sizes.firstIndex { $0 >= 1000 }!
    let before = zone.statistics(ofClass: index)
    XCTAssertEqual([before.pages, before.emptyPages, before.slotsLive], [0, 0, 0])
    XCTAssertEqual(before.pageSize, PageSize.kib64.bytes)
    let live = try (0...before.slotsPerPage).map { _ in try zone.allocate(Layout(size: 1000, alignment: 8)) }
    XCTAssertEqual(zone.statistics(ofClass: index).slotsLive, before.slotsPerPage + 1)
    XCTAssertEqual(zone.statistics(ofClass: index).pages, 2)
    XCTAssertEqual(zone.statistics(ofClass: index).emptyPages, 0)
    for pointer in live { try zone.deallocate(pointer) }
    XCTAssertEqual(zone.statistics(ofClass: index).slotsLive, 0)
    XCTAssertEqual(zone.statistics(ofClass: index).emptyPages, 2)
    XCTAssertEqual(try zone.reclaim(.kib64), 2)
    XCTAssertEqual(zone.statistics(ofClass: index), before)
  }
}
