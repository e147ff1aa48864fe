import XCTest

@testable import SlabMalloc

/// A zone in memory of its own with a faulty provider behind it.
final class TestZone {
  let zone: ZonePointer
  let page: PageSize
  let provider = FaultyProvider()
  private let storage: UnsafeMutableRawPointer

  enum Supply {
    /// The zone takes pages from the provider.
    case pull
    /// It is handed pages; the provider only takes them back.
    case push
  }

  init(page: PageSize, supply: Supply = .pull, profile: Profile = .checked) {
    self.page = page
    storage = .allocate(byteCount: ZonePointer.storageSize(bins: SizeClass.count), alignment: 64)
    zone = storage.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(
      page: page, provider: provider.provider(pageSize: page, allocates: supply == .pull), profile: profile)
  }

  /// A zone of one size.
  init(page: PageSize, slotSize: UInt, profile: Profile = .checked) {
    self.page = page
    storage = .allocate(byteCount: ZonePointer.storageSize(bins: 1), alignment: 64)
    zone = storage.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(slotSize: slotSize, page: page, provider: provider.provider(pageSize: page), profile: profile)
  }

  deinit { storage.deallocate() }

  func allocate(_ size: UInt) -> UInt? { zone.allocate(size).map { UInt(bitPattern: $0) } }

  func allocate(_ size: UInt, alignment: UInt) -> (address: UInt?, status: Status) {
    var status = Status.ok
    let memory = zone.allocate(size: size, alignment: alignment, status: &status)
    return (memory.map { UInt(bitPattern: $0) }, status)
  }

  /// Takes a page from the provider and hands it to the class of a size.
  func refill(_ size: UInt, alignment: UInt = 8) -> Status {
    guard let index = zone.classIndex(size: size, alignment: alignment) else {
      return .invalidLayout
    }
    let bytes = Int(zone.pageSize(of: zone.bin(index)))
    guard let page = provider.allocate(bytes) else { return .outOfMemory }
    let status = zone.refill(size: size, alignment: alignment, page: page, pageSize: UInt(bytes))
    if status != .ok { provider.release(page, bytes) }
    return status
  }

  /// Gives back all empty pages; returns how many went.
  @discardableResult func reclaimAll() -> Int {
    let count = zone.reclaim(basePages: .max, largePages: .max)
    return count.base + count.large
  }

  /// Destroys the zone and checks that every page came back, once and unharmed.
  func destroyAndCheck(live expected: UInt = 0, file: StaticString = #filePath, line: UInt = #line) {
    let ledger = zone.pointee.ledger
    let held = ledger.baseTaken - ledger.baseGivenBack + zone.tablePages
    var live: UInt = 0
    XCTAssertNil(zone.violation(), file: file, line: line)
    XCTAssertEqual(Int(held), provider.pagesOut(page), "base pages held", file: file, line: line)
    XCTAssertEqual(
      UInt64(zone.pointee.directory!.entriesWithoutSlab), zone.tablePages, "pages of cells", file: file, line: line)
    XCTAssertEqual(
      Int(ledger.largeTaken - ledger.largeGivenBack), provider.pagesOut(.large), "large pages held", file: file,
      line: line)
    XCTAssertEqual(zone.destroy(live: &live), .ok, file: file, line: line)
    XCTAssertEqual(live, expected, "slots live", file: file, line: line)
    XCTAssertEqual(provider.pagesOut, 0, "pages that did not come back", file: file, line: line)
    XCTAssertEqual(provider.errors, [], file: file, line: line)
    XCTAssertEqual(zone.destroy(live: &live), Status.notInitialized, file: file, line: line)
  }
}

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Gives back up to so many empty pages of a size; returns how many went.
  func reclaim(_ page: PageSize, atMost limit: Int) -> Int {
    let count = reclaim(basePages: page == .large ? 0 : limit, largePages: page == .large ? limit : 0)
    return page == .large ? count.large : count.base
  }

  func takeEmptyPage(_ page: PageSize) -> UInt? { takeEmptyPage(page.size) }
}
