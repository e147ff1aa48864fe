import SlabMalloc
import XCTest

final class SizeClassAllocatorTests: XCTestCase {
  /// 40 bytes: no size class of a zone's.
  private struct Node {
    var next: UnsafeMutablePointer<Node>?
    var payload: (Int, Int, Int, Int)
  }

  private let layout = Layout(of: Node.self)

  func testSlotsAreTheObjectsSize() throws {
    for (size, alignment, slot) in [(40, 8, 40), (1, 1, 8), (0, 1, 8), (20, 16, 32), (100, 64, 128), (8, 4096, 4096)] {
      let pool = try SizeClassAllocator(Layout(size: size, alignment: alignment), provider: .mmap)
      XCTAssertEqual(pool.slotSize, slot)
      XCTAssertEqual(pool.statistics.slotSize, slot)
      let live = try (0..<200).map { _ in try pool.allocate() }
      XCTAssertEqual(Set(live).count, live.count)
      XCTAssertTrue(live.allSatisfy { Int(bitPattern: $0) % alignment == 0 })
      for pointer in live { try pool.deallocate(pointer, Layout(size: size, alignment: alignment)) }
      XCTAssertEqual(pool.statistics.slotsLive, 0)
    }
  }

  func testAListOfNodes() throws {
    let pool = try SizeClassAllocator(layout, provider: .mmap)
    var list: UnsafeMutablePointer<Node>?
    for number in 0..<5000 {
      let node = try pool.allocate().bindMemory(to: Node.self, capacity: 1)
      node.initialize(to: Node(next: list, payload: (number, 0, 0, -number)))
      list = node
    }
    XCTAssertEqual(pool.statistics.slotsLive, 5000)
    XCTAssertEqual(pool.statistics.pages, (5000 + pool.statistics.slotsPerPage - 1) / pool.statistics.slotsPerPage)
    var expected = 5000
    while let node = list {
      expected -= 1
      XCTAssertEqual(node.pointee.payload.0, expected)
      XCTAssertEqual(node.pointee.payload.3, -expected)
      list = node.pointee.next
      try pool.deallocate(node, layout)
    }
    XCTAssertEqual(expected, 0)
    XCTAssertEqual(pool.statistics.slotsLive, 0)
    XCTAssertEqual(pool.statistics.emptyPages, pool.statistics.pages)
    XCTAssertEqual(try pool.reclaim(), pool.statistics.pages + (pool.statistics.pages == 0 ? 4 : 0))
  }

  func testErrorsOfDeallocation() throws {
    let pool = try SizeClassAllocator(layout, provider: .mmap)
    let other = try SizeClassAllocator(layout, provider: .mmap)
    let (pointer, foreign) = (try pool.allocate(), try other.allocate())
    assertThrows(.foreignPointer) { try pool.deallocate(foreign) }
    assertThrows(.foreignPointer) { try pool.deallocate(foreign, self.layout) }
    assertThrows(.interiorPointer) { try pool.deallocate(pointer + 8) }
    assertThrows(.layoutMismatch) { try pool.deallocate(pointer, Layout(size: 41, alignment: 8)) }
    assertThrows(.layoutMismatch) { try pool.deallocate(pointer, Layout(size: 40, alignment: 16)) }
    assertThrows(.invalidLayout) { try pool.deallocate(pointer, Layout(size: 40, alignment: 3)) }
    try pool.deallocate(pointer, layout)
    assertThrows(.doubleFree) { try pool.deallocate(pointer) }
    assertThrows(.doubleFree) { try pool.deallocate(pointer, self.layout) }
    try other.deallocate(foreign)
  }

  func testErrorsOfInit() {
    let storage = Memory(SizeClassAllocator.storageSize + 64)
    let provider = FaultyProvider()
    provider.fault = { _, _ in .outOfMemory }
    func assertInit(
      _ error: AllocationError, _ size: Int = 40, _ bytes: Range<Int>? = nil, _ page: PageSize? = nil,
      line: UInt = #line
    ) {
      assertThrows(error, line: line) {
        let layout = Layout(size: size, alignment: 8)
        guard let bytes else {
          _ = try SizeClassAllocator(layout, pageSize: page, provider: provider.provider()); return
        }
        _ = try SizeClassAllocator(
          layout, storage: UnsafeMutableRawBufferPointer(rebasing: storage.bytes[bytes]), pageSize: page)
      }
    }
    let all = 0..<SizeClassAllocator.storageSize
    assertInit(.outOfMemory)
    assertInit(.invalidLayout, (136 << 10) + 1)
    assertInit(.invalidLayout, -1, all)
    assertInit(.invalidArgument, 40, nil, .large)
    assertInit(.invalidArgument, 40, all, .large)
    assertInit(.invalidArgument, 40, 0..<SizeClassAllocator.storageSize - 1)
    assertInit(.invalidArgument, 40, 8..<SizeClassAllocator.storageSize + 8)
  }

  func testPushUse() throws {
    let storage = Memory(SizeClassAllocator.storageSize)
    let page = Memory(page: .kib4)
    let pool = try SizeClassAllocator(layout, storage: storage.bytes)
    XCTAssertEqual(pool.pageSize, .kib4)
    assertThrows(.outOfMemory) { try pool.allocate() }
    assertThrows(.wrongPageSize) { try pool.refill(page: .init(rebasing: page.bytes[..<100])) }
    assertThrows(.badPage) { try pool.refill(page: .init(start: page.start + 8, count: 4096)) }
    try pool.refill(page: page.bytes)
    assertThrows(.pageOwned) { try pool.refill(page: page.bytes) }
    var live: [UnsafeMutableRawPointer] = []
    while let pointer = try? pool.allocate() { live.append(pointer) }
    XCTAssertEqual(live.count, pool.statistics.slotsPerPage)
    XCTAssertGreaterThan(live.count * 40, 3900)
    XCTAssertNil(pool.reclaimPage())
    for pointer in live { try pool.deallocate(pointer) }
    assertThrows(.noProvider) { try pool.reclaim() }
    XCTAssertEqual(pool.reclaimPage(), page.start)
    XCTAssertEqual(pool.statistics.pages, 0)
  }

  func testLargeObjectsAreOnLargePages() throws {
    let provider = FaultyProvider()
    do {
      let pool = try SizeClassAllocator(
        Layout(size: 100_000, alignment: 8), pageSize: .kib16, provider: provider.provider())
      XCTAssertEqual(pool.pageSize, .large)
      XCTAssertEqual(provider.taken, [PageSize.kib16.bytes: 1], "the allocator itself")
      let pointer = try pool.allocate()
      XCTAssertEqual(provider.taken, [PageSize.kib16.bytes: 1, PageSize.large.bytes: 1])
      try pool.deallocate(pointer)
      XCTAssertEqual(try pool.reclaim(atMost: 1), 1)
      XCTAssertEqual(provider.pagesOut, 1)
      _ = try pool.allocate()
    }
    XCTAssertEqual(provider.pagesOut, 0)
    XCTAssertEqual(provider.errors, [])
  }

  func testStorageTakesNoPage() throws {
    let storage = Memory(SizeClassAllocator.storageSize)
    let provider = FaultyProvider()
    do {
      let pool = try SizeClassAllocator(layout, storage: storage.bytes, pageSize: .kib64, provider: provider.provider())
      XCTAssertEqual(provider.allocateCalls, 0)
      _ = try pool.allocate()
      XCTAssertEqual(provider.taken, [PageSize.kib64.bytes: 1])
    }
    XCTAssertEqual(provider.pagesOut, 0)
  }

  func testReentrant() throws {
    let provider = FaultyProvider()
    let pool = try SizeClassAllocator(layout, provider: provider.provider())
    var inner = 0
    try withoutActuallyEscaping({ (_: Int) in
      inner += 1
      assertThrows(.reentrant) { try pool.allocate() }
    }) { callBack in
      provider.duringAllocate = callBack
      try pool.deallocate(try pool.allocate())
      provider.duringAllocate = { _ in }
    }
    XCTAssertEqual(inner, 1)
  }
}
