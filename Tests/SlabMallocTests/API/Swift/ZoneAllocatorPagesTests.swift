import CSlabmalloc
import SlabMalloc
import XCTest

/// Where a zone's pages come from, and that they go back.
final class ZoneAllocatorPagesTests: XCTestCase {
  private let layout = Layout(size: 100, alignment: 8)

  func testEveryPageGoesBackWhenTheZoneEnds() throws {
    for page in PageSize.base {
      let provider = FaultyProvider()
      do {
        let zone = try ZoneAllocator(pageSize: page, provider: provider.provider())
        XCTAssertEqual(provider.pagesOut, 1, "the page that the zone itself is in")
        for size in [8, 100, 2000, 10_000, 128 << 10] { _ = try zone.allocate(Layout(size: size, alignment: 8)) }
        XCTAssertGreaterThan(provider.pagesOut, 3)
      }
      XCTAssertEqual(provider.pagesOut, 0)
      XCTAssertEqual(provider.errors, [])
    }
  }

  func testTheZoneIsInABasePageIfItFits() throws {
    for page in PageSize.base {
      let provider = FaultyProvider()
      let zone = try ZoneAllocator(pageSize: page, provider: provider.provider())
      let home = ZoneAllocator.storageSize <= page.bytes ? page : .large
      XCTAssertEqual(provider.taken, [home.bytes: 1])
      XCTAssertFalse(zone.owns(UnsafeRawPointer(bitPattern: 8)!))
    }
  }

  func testStorageTakesNoPage() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    let provider = FaultyProvider()
    do {
      let zone = try ZoneAllocator(storage: storage.bytes, pageSize: .kib16, provider: provider.provider())
      XCTAssertEqual(provider.allocateCalls, 0)
      XCTAssertEqual(try zone.pageSize(for: layout), .kib16)
      _ = try zone.allocate(layout)
      XCTAssertEqual(provider.taken, [PageSize.kib16.bytes: 1])
    }
    XCTAssertEqual(provider.pagesOut, 0)
    XCTAssertEqual(provider.errors, [])
  }

  func testTheBasePageIsTheProvidersUnlessSaid() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    func page(_ wanted: PageSize?, _ provider: PageProvider?) throws -> PageSize {
      try ZoneAllocator(storage: storage.bytes, pageSize: wanted, provider: provider).pageSize(for: layout)
    }
    let provider = FaultyProvider()
    XCTAssertEqual(try page(nil, nil), .kib4)
    XCTAssertEqual(try page(.kib64, nil), .kib64)
    XCTAssertEqual(try page(nil, .mmap), .kib64)
    XCTAssertEqual(try page(nil, provider.provider(pageSize: .kib16)), .kib16)
    XCTAssertEqual(try page(.kib16, provider.provider()), .kib16)
  }

  func testPushUse() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    let pages = (0..<3).map { _ in Memory(page: .kib4) }
    let zone = try ZoneAllocator(storage: storage.bytes)
    assertThrows(.outOfMemory) { try zone.allocate(self.layout) }
    var live: [UnsafeMutableRawPointer] = []
    for (index, page) in pages.enumerated() {
      try zone.refill(layout, page: page.bytes)
      while let pointer = try? zone.allocate(layout) { live.append(pointer) }
      XCTAssertEqual(live.count % (index + 1), 0, "each page gives as many")
      XCTAssertGreaterThan(live.count, 30 * (index + 1))
      XCTAssertTrue(live.allSatisfy { pointer in pages.contains { $0.holds(pointer) } })
    }
    XCTAssertNil(zone.reclaimPage(.kib4), "no page is empty")
    for pointer in live { try zone.deallocate(pointer, layout) }
    let back = (0..<3).map { _ in zone.reclaimPage(.kib4) }
    XCTAssertEqual(Set(back), Set(pages.map(\.start)))
    XCTAssertNil(zone.reclaimPage(.kib4))
    assertThrows(.outOfMemory) { try zone.allocate(self.layout) }
  }

  func testPushUseOfALargePage() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    let page = Memory(page: .large)
    let zone = try ZoneAllocator(storage: storage.bytes)
    let layout = Layout(size: 100_000, alignment: 8)
    XCTAssertEqual(try zone.pageSize(for: layout), .large)
    try zone.refill(layout, page: page.bytes)
    try zone.deallocate(try zone.allocate(layout), layout)
    XCTAssertNil(zone.reclaimPage(.kib4))
    XCTAssertEqual(zone.reclaimPage(.large), page.start)
  }

  /// A provider that only takes pages back.
  func testPagesHandedInGoToTheProvider() throws {
    let storage = Memory(ZoneAllocator.storageSize)
    let provider = FaultyProvider()
    do {
      let zone = try ZoneAllocator(storage: storage.bytes, provider: provider.provider(allocates: false))
      for _ in 0..<3 {
        let page = UnsafeMutableRawPointer(bitPattern: provider.allocate(PageSize.kib4.bytes)!)
        try zone.refill(layout, page: UnsafeMutableRawBufferPointer(start: page, count: PageSize.kib4.bytes))
      }
      _ = try zone.allocate(layout)
      XCTAssertEqual(try zone.reclaim(.kib4, atMost: 1), 1)
      XCTAssertEqual(provider.pagesOut, 2)
    }
    XCTAssertEqual(provider.pagesOut, 0, "also the page that is in use")
    XCTAssertEqual(provider.errors, [])
  }

  func testReclaim() throws {
    let provider = FaultyProvider()
    let zone = try ZoneAllocator(pageSize: .kib64, provider: provider.provider())
    let live =
      try (0..<5).map { try zone.allocate(Layout(size: 4000 - 600 * $0, alignment: 8)) }
      + (0..<40).map { _ in try zone.allocate(Layout(size: 128 << 10, alignment: 8)) }
    XCTAssertEqual(try zone.reclaim(.kib64), 0)
    XCTAssertEqual(try zone.reclaim(.large), 0)
    for pointer in live { try zone.deallocate(pointer) }
    XCTAssertEqual(try zone.reclaim(.kib64, atMost: 2), 2)
    XCTAssertEqual(try zone.reclaim(.kib64, atMost: 0), 0)
    XCTAssertEqual(try zone.reclaim(.kib64), 3)
    XCTAssertEqual(try zone.reclaim(.large), provider.taken[PageSize.large.bytes])
    XCTAssertEqual(provider.pagesOut, 1, "the zone's own")
  }

  /// How many objects a new zone gets out of a provider.
  private func capacity(_ provider: PageProvider) throws -> Int {
    let zone = try ZoneAllocator(provider: provider)
    var count = 0
    while (try? zone.allocate(layout)) != nil { count += 1 }
    return count
  }

  func testARegion() throws {
    let buffer = Memory(1 << 20)
    let provider = try XCTUnwrap(PageProvider.region(buffer.bytes, pageSize: .kib16))
    let count = try capacity(provider)
    XCTAssertGreaterThan(count * layout.size, 800_000)
    XCTAssertEqual(try capacity(provider), count, "every page went back")
    let zone = try ZoneAllocator(provider: provider)
    XCTAssertTrue(buffer.holds(try zone.allocate(layout)))
  }

  func testABufferThatCannotBeARegion() {
    let buffer = Memory(64 << 10)
    XCTAssertNil(PageProvider.region(.init(start: nil, count: 0), pageSize: .kib4))
    XCTAssertNil(PageProvider.region(.init(rebasing: buffer.bytes[..<4096]), pageSize: .kib4))
    XCTAssertNil(PageProvider.region(buffer.bytes, pageSize: .large))
    XCTAssertNotNil(PageProvider.region(buffer.bytes, pageSize: .kib4))
  }

  func testTheOperatingSystem() throws {
    let before = try Ledger.ofTheOperatingSystem()
    do {
      let zone = try ZoneAllocator(provider: .mmap)
      XCTAssertEqual(try zone.pageSize(for: layout), .kib64)
      for size in [8, 100, 2000, 10_000, 128 << 10] { _ = try zone.allocate(Layout(size: size, alignment: 8)) }
      let during = try Ledger.ofTheOperatingSystem()
      XCTAssertEqual(
        during.basePages, before.basePages + 8, "the zone itself, four slabs, a run of two, the page of its descriptor")
      XCTAssertEqual(during.largePages, before.largePages)
    }
    XCTAssertEqual(try Ledger.ofTheOperatingSystem(), before)
  }

  /// Pages of the mmap provider that are out.
  private struct Ledger: Equatable {
    let basePages, largePages: UInt64

    static func ofTheOperatingSystem() throws -> Self {
      var statistics = slm_provider_statistics()
      statistics.struct_size = UInt32(MemoryLayout<slm_provider_statistics>.size)
      XCTAssertEqual(slm_mmap_statistics(&statistics), SLM_OK)
      return Self(
        basePages: statistics.base_pages_taken - statistics.base_pages_given_back,
        largePages: statistics.large_pages_taken - statistics.large_pages_given_back)
    }
  }
}
