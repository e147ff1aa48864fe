import SlabMalloc
import XCTest

/// Each error that a zone can throw.
final class ZoneAllocatorErrorTests: XCTestCase {
  private let layout = Layout(size: 100, alignment: 8)

  func testInvalidLayout() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let pointer = try zone.allocate(layout)
    let page = Memory(page: .kib64)
    for (size, alignment) in [
      (Int.max / 2 + 1, 8), (-1, 8), (Int.min, 8), (8, 0), (8, 3), (8, -8), (8, Int.min), (Int.max, 2 << 20),
    ] {
      let invalid = Layout(size: size, alignment: alignment)
      assertThrows(.invalidLayout) { try zone.allocate(invalid) }
      assertThrows(.invalidLayout) { try zone.deallocate(pointer, invalid) }
      assertThrows(.invalidLayout) { try zone.pageSize(for: invalid) }
      assertThrows(.invalidLayout) { try zone.refill(invalid, page: page.bytes) }
    }
    try zone.deallocate(pointer)
  }

  /// A value above the size classes has a run of its own.
  func testALargeValue() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    typealias Large = InlineArray<20_000, Int>
    let value = try zone.allocate(Large(repeating: 7))
    XCTAssertEqual(value.pointee[19_999], 7)
    // Its address with another type, large or small, is a wrong layout, and one inside of it no object's.
    value.withMemoryRebound(to: InlineArray<40_000, Int>.self, capacity: 1) { larger in
      assertThrows(.layoutMismatch) { try zone.deallocate(larger) }
    }
    value.withMemoryRebound(to: Int.self, capacity: 20_000) { words in
      assertThrows(.layoutMismatch) { try zone.deallocate(words) }
      assertThrows(.interiorPointer) { try zone.deallocate(words + 1) }
    }
    let small = try zone.allocate(7)
    small.withMemoryRebound(to: Large.self, capacity: 1) { large in
      assertThrows(.layoutMismatch) { try zone.deallocate(large) }
    }
    try zone.deallocate(value)
    assertThrows(.doubleFree) { try zone.deallocate(value) }
    let pointer = UnsafeMutablePointer<Large>.allocate(capacity: 1)
    defer { pointer.deallocate() }
    assertThrows(.foreignPointer) { try zone.deallocate(pointer) }
  }

  /// Without runs a value has a large page at most.
  func testInvalidLayoutOfAValue() throws {
    let provider = FaultyProvider()
    let zone = try ZoneAllocator(pageSize: .kib64, provider: provider.provider())
    typealias TooLarge = InlineArray<270_000, Int>
    let pointer = UnsafeMutablePointer<TooLarge>.allocate(capacity: 1)
    defer { pointer.deallocate() }
    assertThrows(.invalidLayout) { try zone.allocate(Layout(of: TooLarge.self)) }
    assertThrows(.invalidLayout) { try zone.deallocate(pointer) }
  }

  func testOutOfMemory() throws {
    let provider = FaultyProvider()
    let zone = try ZoneAllocator(pageSize: .kib64, provider: provider.provider())
    provider.fault = { _, _ in .outOfMemory }
    assertThrows(.outOfMemory) { try zone.allocate(self.layout) }
    assertThrows(.outOfMemory) { try zone.allocate(1) }
    provider.fault = { _, _ in .none }
    try zone.deallocate(try zone.allocate(layout))
  }

  func testOutOfMemoryForTheZoneItself() {
    let provider = FaultyProvider()
    provider.fault = { _, _ in .outOfMemory }
    assertThrows(.outOfMemory) { _ = try ZoneAllocator(provider: provider.provider()) }
  }

  func testForeignPointer() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let other = try ZoneAllocator(provider: .mmap)
    let pointer = try other.allocate(layout)
    assertThrows(.foreignPointer) { try zone.deallocate(pointer) }
    assertThrows(.foreignPointer) { try zone.deallocate(pointer, self.layout) }
    assertThrows(.foreignPointer) { try zone.deallocate(UnsafeMutableRawPointer(bitPattern: 1)!) }
    var local = 0
    withUnsafeMutablePointer(to: &local) { local in assertThrows(.foreignPointer) { try zone.deallocate(local) } }
    try other.deallocate(pointer, layout)
  }

  func testInteriorPointer() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let pointer = try zone.allocate(layout)
    for offset in [1, 8, 99] {
      assertThrows(.interiorPointer) { try zone.deallocate(pointer + offset) }
      assertThrows(.interiorPointer) { try zone.deallocate(pointer + offset, self.layout) }
    }
    try zone.deallocate(pointer, layout)
  }

  func testDoubleFree() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let pointer = try zone.allocate(layout)
    let value = try zone.allocate(1.5)
    try zone.deallocate(pointer)
    try zone.deallocate(value)
    assertThrows(.doubleFree) { try zone.deallocate(pointer) }
    assertThrows(.doubleFree) { try zone.deallocate(pointer, self.layout) }
    assertThrows(.doubleFree) { try zone.deallocate(value) }
  }

  func testLayoutMismatch() throws {
    let zone = try ZoneAllocator(provider: .mmap)
    let pointer = try zone.allocate(layout)
    for size in [0, 96, 113, 5000, 128 << 10] {
      assertThrows(.layoutMismatch) { try zone.deallocate(pointer, Layout(size: size, alignment: 8)) }
    }
    assertThrows(.layoutMismatch) { try zone.deallocate(pointer, Layout(size: 100, alignment: 64)) }
    assertThrows(.layoutMismatch) { try zone.deallocate(pointer.assumingMemoryBound(to: Int.self)) }
    try zone.deallocate(pointer, layout)
  }

  func testBadPage() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    let memory = Memory(2 * PageSize.kib4.bytes, alignment: PageSize.kib4.bytes)
    let zone = try ZoneAllocator(storage: storage.bytes)
    let misaligned = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[8..<8 + 4096])
    assertThrows(.badPage) { try zone.refill(self.layout, page: misaligned) }
  }

  func testBadPageOfAProvider() throws {
    let provider = FaultyProvider()
    do {
      let zone = try ZoneAllocator(pageSize: .kib64, provider: provider.provider())
      provider.fault = { _, _ in .misaligned }
      assertThrows(.badPage) { try zone.allocate(self.layout) }
    }
    assertThrows(.badPage) {
      _ = try ZoneAllocator(pageSize: .kib64, provider: provider.provider())
    }
    XCTAssertEqual(provider.pagesOut, 0, "what is refused goes back")
    XCTAssertEqual(provider.errors, [])
  }

  func testWrongPageSize() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    let page = Memory(page: .kib16)
    let provider = FaultyProvider()
    let zone = try ZoneAllocator(storage: storage.bytes, provider: provider.provider(allocates: false))
    assertThrows(.wrongPageSize) { try zone.refill(self.layout, page: page.bytes) }
    assertThrows(.wrongPageSize) { try zone.reclaim(.kib16) }
    assertThrows(.wrongPageSize) { try zone.refill(self.layout, page: .init(start: nil, count: 0)) }
    XCTAssertNil(zone.reclaimPage(.kib16))
  }

  func testPageOwned() throws {
    let storage = (Memory(ZoneAllocator.storageSize), Memory(ZoneAllocator.storageSize))
    let page = Memory(page: .kib4)
    let zone = try ZoneAllocator(storage: storage.0.bytes)
    let other = try ZoneAllocator(storage: storage.1.bytes)
    try zone.refill(layout, page: page.bytes)
    assertThrows(.pageOwned) { try zone.refill(self.layout, page: page.bytes) }
    assertThrows(.pageOwned) { try other.refill(self.layout, page: page.bytes) }
    XCTAssertEqual(zone.reclaimPage(.kib4), page.start)
    try other.refill(layout, page: page.bytes)
    XCTAssertEqual(other.reclaimPage(.kib4), page.start)
  }

  func testPageOwnedFromAProvider() throws {
    let provider = FaultyProvider()
    let zone = try ZoneAllocator(pageSize: .kib64, provider: provider.provider())
    _ = try zone.allocate(layout)
    _ = try zone.allocate(Layout(size: 10_000, alignment: 8))
    let large = UInt(bitPattern: try zone.allocate(Layout(size: 100_000, alignment: 8)))
    provider.fault = { _, _ in .address(large & ~UInt(PageSize.large.bytes - 1)) }
    assertThrows(.pageOwned) { try zone.allocate(Layout(size: 2000, alignment: 8)) }
  }

  func testNoProvider() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    let page = Memory(page: .kib4)
    let zone = try ZoneAllocator(storage: storage.bytes)
    try zone.refill(layout, page: page.bytes)
    assertThrows(.noProvider) { try zone.reclaim(.kib4) }
    XCTAssertEqual(zone.reclaimPage(.kib4), page.start)
  }

  func testReentrant() throws {
    let provider = FaultyProvider()
    let zone = try ZoneAllocator(pageSize: .kib64, provider: provider.provider())
    var inner = 0
    try withoutActuallyEscaping({ (_: Int) in
      inner += 1
      assertThrows(.reentrant) { try zone.allocate(Layout(size: 2000, alignment: 8)) }
    }) { callBack in
      provider.duringAllocate = callBack
      try zone.deallocate(try zone.allocate(layout))
      provider.duringAllocate = { _ in }
    }
    XCTAssertEqual(inner, 1)
  }

  func testInvalidArgument() {
    let storage = Memory(ZoneAllocator.storageSize + 64)
    let all = storage.bytes
    let provider = FaultyProvider()
    func assertInvalid(
      storage: UnsafeMutableRawBufferPointer?, pageSize: PageSize? = nil, provider: PageProvider?, line: UInt = #line
    ) {
      assertThrows(.invalidArgument, line: line) {
        if let storage {
          _ = try ZoneAllocator(storage: storage, pageSize: pageSize, provider: provider)
        } else {
          _ = try ZoneAllocator(pageSize: pageSize, provider: provider!)
        }
      }
    }
    assertInvalid(storage: .init(start: nil, count: 0), provider: nil)
    assertInvalid(storage: .init(rebasing: all[8...]), provider: nil)
    assertInvalid(storage: .init(rebasing: all[..<(ZoneAllocator.storageSize - 1)]), provider: nil)
    assertInvalid(storage: all, pageSize: .large, provider: nil)
    assertInvalid(storage: all, pageSize: .kib4, provider: provider.provider(pageSize: .kib64))
    assertInvalid(storage: all, provider: provider.provider(pageSize: .large))
    assertInvalid(storage: nil, pageSize: .kib4, provider: .mmap)
    assertInvalid(storage: nil, provider: provider.provider(allocates: false))
    // Pages that come in must have a way out.
    let oneWay = PageProvider(pageSize: nil, context: nil, allocate: { _, _ in nil }, release: nil)
    assertInvalid(storage: all, provider: oneWay)
    assertInvalid(storage: nil, provider: oneWay)
    XCTAssertEqual(provider.allocateCalls, 0)
  }

  func testEveryErrorHasTheCodeOfTheHeader() {
    let errors: [AllocationError] = [
      .outOfMemory, .invalidLayout, .invalidArgument, .notInitialized, .badPage, .wrongPageSize, .pageOwned,
      .foreignPointer, .interiorPointer, .doubleFree, .layoutMismatch, .reentrant, .noProvider, .cannotResize,
      .overflow, .writeAfterFree,
    ]
    XCTAssertEqual(errors.map(\.code), (1...16).map { -Int32($0) })
  }
}
