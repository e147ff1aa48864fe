import Dispatch
import Foundation
import SlabMalloc
import XCTest

final class SafeZoneAllocatorTests: XCTestCase {
  private static let layout = Layout(size: 100, alignment: 8)

  func testEveryPageGoesBackWhenTheZoneEnds() throws {
    let provider = FaultyProvider()
    do {
      let zone = try SafeZoneAllocator(pageSize: .kib16, provider: provider.provider())
      XCTAssertEqual(provider.taken, [PageSize.kib16.bytes: 1], "the zone itself")
      for size in [8, 100, 5000, 128 << 10] { _ = try zone.allocate(Layout(size: size, alignment: 8)) }
    }
    XCTAssertEqual(provider.pagesOut, 0)
    XCTAssertEqual(provider.errors, [])
  }

  func testErrors() throws {
    let provider = FaultyProvider()
    let zone = try SafeZoneAllocator(pageSize: .kib64, provider: provider.provider())
    let other = try SafeZoneAllocator(provider: .mmap)
    let (pointer, foreign) = (try zone.allocate(Self.layout), try other.allocate(Self.layout))
    assertThrows(.invalidLayout) { try zone.allocate(Layout(size: 8, alignment: 3)) }
    assertThrows(.foreignPointer) { try zone.deallocate(foreign) }
    assertThrows(.interiorPointer) { try zone.deallocate(pointer + 1) }
    assertThrows(.layoutMismatch) { try zone.deallocate(pointer, Layout(size: 200, alignment: 8)) }
    try zone.deallocate(pointer, Self.layout)
    assertThrows(.doubleFree) { try zone.deallocate(pointer) }
    assertThrows(.wrongPageSize) { try zone.reclaim(.kib4) }
    provider.fault = { _, _ in .outOfMemory }
    assertThrows(.outOfMemory) { try zone.allocate(Layout(size: 100_000, alignment: 8)) }
    provider.fault = { _, _ in .misaligned }
    assertThrows(.badPage) { try zone.allocate(Layout(size: 100_000, alignment: 8)) }
    assertThrows(.invalidArgument) {
      _ = try SafeZoneAllocator(pageSize: .kib4, provider: .mmap)
    }
    try other.deallocate(foreign)
  }

  func testReentrant() throws {
    let provider = FaultyProvider()
    let zone = try SafeZoneAllocator(pageSize: .kib64, provider: provider.provider())
    let early = try zone.allocate(Layout(size: 8, alignment: 8))
    var inner = 0
    try withoutActuallyEscaping({ (_: Int) in
      inner += 1
      assertThrows(.reentrant) { try zone.allocate(Layout(size: 2000, alignment: 8)) }
      // The lock is not held meanwhile.
      do { try zone.deallocate(early) } catch { XCTFail("\(error)") }
    }) { callBack in
      provider.duringAllocate = callBack
      try zone.deallocate(try zone.allocate(Self.layout))
      provider.duringAllocate = { _ in }
    }
    XCTAssertEqual(inner, 1)
  }

  func testStatisticsAndReclaim() throws {
    let zone = try SafeZoneAllocator(provider: .mmap)
    let index = try XCTUnwrap((0..<49).first { zone.statistics(ofClass: $0).slotSize >= Self.layout.size })
    let live = try (0..<1000).map { _ in try zone.allocate(Self.layout) }
    let statistics = zone.statistics(ofClass: index)
    XCTAssertEqual(statistics.slotsLive, 1000)
    XCTAssertEqual(statistics.pages, (1000 + statistics.slotsPerPage - 1) / statistics.slotsPerPage)
    XCTAssertEqual(try zone.reclaim(.kib64), 0)
    for pointer in live { try zone.deallocate(pointer) }
    XCTAssertEqual(zone.statistics(ofClass: index).slotsLive, 0)
    XCTAssertEqual(try zone.reclaim(.kib64, atMost: 1), 1)
    XCTAssertEqual(try zone.reclaim(.kib64), statistics.pages - 1)
  }

  /// Allocates and frees objects of random sizes; each holds its own address at both ends while it lives.
  private static func work(_ zone: borrowing SafeZoneAllocator, stream: UInt64, keep: Int, largest: Int = 50_000) throws
    -> [UnsafeMutableRawPointer]
  {
    var random = SeededRandom(stream: stream)
    var live: [(pointer: UnsafeMutableRawPointer, layout: Layout)] = []
    func stamp(_ object: (pointer: UnsafeMutableRawPointer, layout: Layout)) -> Bool {
      let last = object.pointer + (object.layout.size - 8)
      return object.pointer.loadUnaligned(as: Int.self) == Int(bitPattern: object.pointer)
        && last.loadUnaligned(as: Int.self) == Int(bitPattern: object.pointer)
    }
    func free() throws {
      live.swapAt(random.below(live.count), live.count - 1)
      let object = live.removeLast()
      XCTAssertTrue(stamp(object), "overwritten; \(SeededRandom.hint)")
      try zone.deallocate(object.pointer, object.layout)
    }
    for step in 0..<4000 {
      if live.count < 50 || (live.count < 300 && random.below(2) == 0) {
        let layout = Layout(size: 16 + random.below(step % 100 == 0 ? largest - 16 : 500), alignment: 8)
        let pointer = try zone.allocate(layout)
        pointer.storeBytes(of: Int(bitPattern: pointer), as: Int.self)
        (pointer + (layout.size - 8)).storeBytes(of: Int(bitPattern: pointer), as: Int.self)
        live.append((pointer, layout))
      } else {
        try free()
      }
      if step % 1000 == 999 { _ = try zone.reclaim(.kib64) }
    }
    while live.count > keep { try free() }
    return live.map(\.pointer)
  }

  private static func liveSlots(_ zone: borrowing SafeZoneAllocator) -> Int {
    var count = 0
    for index in 0..<49 { count += zone.statistics(ofClass: index).slotsLive }
    return count
  }

  func testManyThreadsAtOnce() throws {
    let zone = try SafeZoneAllocator(provider: .mmap)
    let left = Shared()
    onThreads(8) { index in
      do { left.add(try Self.work(zone, stream: UInt64(index), keep: 10)) } catch {
        XCTFail("\(error); \(SeededRandom.hint)")
      }
    }
    XCTAssertEqual(left.pointers.count, 80)
    XCTAssertEqual(Set(left.pointers).count, 80, SeededRandom.hint)
    XCTAssertEqual(Self.liveSlots(zone), 80, SeededRandom.hint)
    for pointer in left.pointers { try zone.deallocate(pointer) }
    XCTAssertEqual(Self.liveSlots(zone), 0)
  }

  /// One thread allocates, another frees.
  func testObjectsThatOtherThreadsFree() throws {
    let zone = try SafeZoneAllocator(provider: .mmap)
    let shared = Shared()
    let objects = 20_000
    onThreads(2) { side in
      do {
        var done = 0
        while done < objects {
          if side == 0 {
            shared.add([try zone.allocate(Self.layout)])
            done += 1
          } else {
            for pointer in shared.takeAll() {
              try zone.deallocate(pointer, Self.layout)
              done += 1
            }
          }
        }
      } catch { XCTFail("\(error)") }
    }
    XCTAssertEqual(shared.pointers.count, 0)
    XCTAssertEqual(Self.liveSlots(zone), 0)
  }

  /// A region has one lock for all its zones: two zones and four threads, and every page goes back.
  func testZonesThatShareARegion() throws {
    let buffer = Memory(32 << 20)
    let provider = try XCTUnwrap(PageProvider.region(buffer.bytes, pageSize: .kib64))
    func capacity() throws -> Int {
      let zone = try SafeZoneAllocator(provider: provider)
      var count = 0
      while (try? zone.allocate(Layout(size: 4000, alignment: 8))) != nil { count += 1 }
      return count
    }
    let count = try capacity()
    XCTAssertGreaterThan(count * 4000, 30_000_000)
    do {
      let one = try SafeZoneAllocator(provider: provider)
      let other = try SafeZoneAllocator(provider: provider)
      onThreads(4) { index in
        do {
          // Up to 4096 bytes, so that no class needs a large page: the region has few.
          let stream = UInt64(index)
          _ =
            index % 2 == 0
            ? try Self.work(one, stream: stream, keep: 5, largest: 4096)
            : try Self.work(other, stream: stream, keep: 5, largest: 4096)
        } catch { XCTFail("\(error); \(SeededRandom.hint)") }
      }
      XCTAssertEqual(Self.liveSlots(one) + Self.liveSlots(other), 20, SeededRandom.hint)
    }
    XCTAssertEqual(try capacity(), count)
  }
}

/// Pointers that threads pass to one another.
private final class Shared: @unchecked Sendable {
  private let lock = NSLock()
  private(set) var pointers: [UnsafeMutableRawPointer] = []

  func add(_ more: [UnsafeMutableRawPointer]) { lock.withLock { pointers += more } }

  func takeAll() -> [UnsafeMutableRawPointer] {
    lock.withLock {
      defer { pointers = [] }
      return pointers
    }
  }
}
