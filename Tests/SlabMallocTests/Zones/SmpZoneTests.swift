import XCTest

@testable import SlabMalloc

/// The zones of an SMP zone, used as if other CPUs had: a caller may be moved to another CPU at any time.
final class SmpZoneTests: XCTestCase {
  private let provider = FaultyProvider()

  private func withZone(cpuCount: UInt, _ body: (SmpZonePointer) -> Void) {
    let size = Int(SmpZonePointer.storageSize(cpuCount: cpuCount)!)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size + 64, alignment: 64)
    defer { memory.deallocate() }
    memset(memory + size, 0xEE, 64)
    let smp = memory.assumingMemoryBound(to: SmpZone.self)
    smp.initialize(cpuCount: cpuCount, page: .kib4, provider: provider.provider(pageSize: .kib4))
    body(smp)
    var live: UInt = 0
    XCTAssertEqual(smp.destroy(live: &live), .ok)
    XCTAssertEqual(live, 0)
    XCTAssertEqual(provider.pagesOut, 0)
    XCTAssertEqual(provider.errors, [])
    XCTAssertTrue((0..<64).allSatisfy { memory.load(fromByteOffset: size + $0, as: UInt8.self) == 0xEE })
  }

  func testZonesDoNotOverlapTheHintsOrEachOther() {
    for cpuCount: UInt in [1, 2, 64] {
      withZone(cpuCount: cpuCount) { smp in
        var end = UInt(bitPattern: smp) + UInt(MemoryLayout<SmpZone>.size)
        for index in 0...cpuCount {
          let zone = UInt(bitPattern: smp.zone(index))
          XCTAssertGreaterThanOrEqual(zone, end)
          XCTAssertEqual(zone & 63, 0)
          end = zone + UInt(SafeZonePointer.storageSize)
        }
        XCTAssertLessThanOrEqual(end, UInt(bitPattern: smp) + SmpZonePointer.storageSize(cpuCount: cpuCount)!)
        XCTAssertEqual(smp.reserves, smp.zone(cpuCount))
      }
    }
    XCTAssertNil(SmpZonePointer.storageSize(cpuCount: 0))
    XCTAssertNil(SmpZonePointer.storageSize(cpuCount: 65536))
  }

  func testObjectsOfEachZoneAreFound() {
    withZone(cpuCount: 5) { smp in
      for size: UInt in [64, 50_000] {
        // Twice, as where it was found is noted the first time; the zone of the reserves is one of them.
        for index in [0, 1, 2, 3, 4, 5, 5, 3, 1] as [UInt] {
          let address = UInt(bitPattern: smp.zone(index).locked { $0.allocate(size) })
          XCTAssertTrue(smp.owns(address))
          XCTAssertGreaterThanOrEqual(smp.usableSize(address), size)
          XCTAssertEqual(smp.deallocate(address + 8), Status.interiorPointer)
          XCTAssertEqual(smp.deallocate(address), .ok)
          XCTAssertEqual(smp.deallocate(address), Status.doubleFree)
          XCTAssertNil(smp.zone(index).zone.violation())
        }
      }
      XCTAssertEqual(smp.deallocate(4096), Status.foreignPointer)
      XCTAssertEqual(smp.deallocate(0), .ok)
    }
  }

  func testAHintIsOnlyAGuess() {
    withZone(cpuCount: 3) { smp in
      for index in [2, 0, 1, 3, 2] as [UInt] {
        let address = UInt(bitPattern: smp.zone(index).locked { $0.allocate(64) })
        for hint: UInt16 in [0, 1, 2, 3, 4, .max] {
          for entry in 0..<Int(SmpZone.hintCount) { smp.pointee.hints[entry] = hint }
          XCTAssertEqual(smp.deallocate(address + 1), Status.interiorPointer)
          XCTAssertTrue(smp.owns(address))
        }
        XCTAssertEqual(smp.deallocate(address), .ok)
        // The page goes, and comes again for another zone.
        var gone = (base: 0, large: 0)
        XCTAssertEqual(smp.reclaim(basePages: .max, largePages: .max, &gone), .ok)
        XCTAssertEqual(gone.base, 1)
        XCTAssertEqual(smp.deallocate(address), Status.foreignPointer)
      }
    }
  }

  func testAReserveTakesPagesOfAnyZoneAndGivesThemToAny() {
    withZone(cpuCount: 3) { smp in
      for index: UInt in [0, 1, 2] {
        let address = UInt(bitPattern: smp.zone(index).locked { $0.allocate(1000) })
        XCTAssertEqual(smp.deallocate(address), .ok)
      }
      provider.fault = { _, _ in .outOfMemory }
      let slots = 3 * SlabGeometry(slotSize: 64, page: .kib4).slotCount
      XCTAssertEqual(smp.reserve(size: 64, alignment: 8, count: slots), .ok)
      XCTAssertEqual(smp.reserve(size: 64, alignment: 8, count: slots + 1), Status.outOfMemory)
      XCTAssertEqual(provider.pagesOut, 3)
      for index: UInt in [0, 1, 2, 3] { XCTAssertNil(smp.zone(index).zone.violation()) }
      let objects = (0..<slots).map { _ in UInt(bitPattern: smp.allocate(64)) }
      XCTAssertFalse(objects.contains(0))
      XCTAssertNil(smp.allocate(64))
      for object in objects { XCTAssertEqual(smp.deallocate(object), .ok) }
      provider.fault = { _, _ in .none }
    }
  }

  /// What overlaps a page of one CPU's zone is refused by all others, whatever its size.
  func testAPageThatOverlapsAnotherCPUsIsRefused() {
    withZone(cpuCount: 3) { smp in
      let owner = smp.zone(1)
      var live = (0..<70).map { _ in bits(owner.locked { $0.allocate(2048) }) }
      let large = bits(owner.locked { $0.allocate(5000) })
      live.append(large)
      let table = owner.zone.basePages.tablePage!
      let overlapping: [(address: UInt, size: UInt)] = [
        (live[0] & ~PageSize.kib4.mask, 100), (table, 100), (large & ~PageSize.large.mask, 100),
        (large & ~PageSize.large.mask + 8192, 100), (large & ~PageSize.large.mask, 20_000),
        (live[0] & ~PageSize.large.mask, 20_000), (table & ~PageSize.large.mask, 20_000),
      ]
      for (address, size) in overlapping where address != 0 {
        provider.fault = { _, _ in .address(address) }
        for index in [0, 2, 3] as [UInt] {
          var status = Status.ok
          XCTAssertNil(smp.zone(index).locked { $0.allocate(size: size, alignment: 8, status: &status) })
          XCTAssertEqual(status, Status.pageOwned, "size \(size)")
          let bytes = size == 100 ? 4096 : PageSize.large.bytes
          let refilled = smp.zone(index).locked { $0.refill(size: size, alignment: 8, page: address, pageSize: bytes) }
          XCTAssertEqual(refilled, Status.pageOwned, "size \(size)")
          XCTAssertNil(smp.zone(index).zone.violation())
        }
      }
      provider.fault = { _, _ in .none }
      for size: UInt in [100, 20_000] { live.append(bits(smp.zone(0).locked { $0.allocate(size) })) }
      for address in live { XCTAssertEqual(smp.deallocate(address), .ok) }
    }
  }

  /// Of two CPUs that are given overlapping pages at the same time one gets its page.
  func testTwoCPUsThatGetOverlappingPagesAtOnce() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: PageSize.large.bytes, alignment: PageSize.large.bytes)
    defer { memory.deallocate() }
    memset(memory, 0, PageSize.large.bytes)
    withZone(cpuCount: 2) { smp in
      let place = UInt(bitPattern: memory)
      nonisolated(unsafe) let smp = smp
      for round in 0..<2000 as Range<UInt> {
        let statuses = TwoResults()
        DispatchQueue.concurrentPerform(iterations: 2) { index in
          let size: UInt = index == 0 ? 20_000 : 64
          let page = index == 0 ? place : place + round % 512 * 4096
          let bytes = index == 0 ? PageSize.large.bytes : 4096
          statuses.set(
            index, smp.zone(UInt(index)).locked { $0.refill(size: size, alignment: 8, page: page, pageSize: bytes) })
        }
        let (one, other) = statuses.values
        XCTAssertEqual(Set([one, other]), [.pageOwned, .ok])
        XCTAssertEqual(smp.takeEmptyPage(.large) != nil, one == .ok)
        XCTAssertEqual(smp.takeEmptyPage(.kib4) != nil, other == .ok)
      }
    }
  }
}

/// Two results, each of a thread of its own.
private final class TwoResults: @unchecked Sendable {
  private let lock = NSLock()
  private var results: [Int: Status] = [:]
  private let missing = Status(rawValue: 99)

  func set(_ index: Int, _ status: Status) { lock.withLock { results[index] = status } }
  var values: (Status, Status) { lock.withLock { (results[0] ?? missing, results[1] ?? missing) } }
}
