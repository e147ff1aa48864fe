import XCTest

@testable import SlabMalloc

/// Where huge pages are advised: where memory is dense and much, and nowhere else.
final class HugePageTests: XCTestCase {
  private let size = HugePages.size
  private var advised: Set<UInt> { HeapSystem.current.advised }
  private var refused: Set<UInt> { HeapSystem.current.refused }
  private var calls: Int { HeapSystem.current.count(.adviseHuge) }

  private func world(
    _ mode: HugePages.Mode = .auto, _ system: HugePages.System = .advised, profile: Profile = .checked,
    reserve: UInt = 16 << 30
  ) -> HeapWorld {
    HeapWorld(reserve: reserve, profile: profile, hugePages: mode, hugeSystem: system)
  }

  private func touch(_ address: UInt, _ bytes: UInt) {
    for offset in stride(from: UInt(0), to: bytes, by: 4096) {
      UnsafeMutablePointer<UInt8>(bitPattern: address + offset)!.pointee = 1
    }
  }

  /// Objects of 512 bytes, so many MiB of them.
  private func fill(_ mib: UInt, _ heap: HeapPointer, _ world: HeapWorld, touched: Bool = true) -> [UInt] {
    let objects = world.allocate(Int(mib << 20 / 512), of: 512, from: heap)
    if touched { for address in objects { touch(address, 1) } }
    return objects
  }

  func testASmallProgramAdvisesNothing() {
    let world = world()
    let heap = world.thread()
    let live = fill(20, heap, world)
    XCTAssertEqual(calls, 0)
    world.free(live, by: heap)
    world.finish()
    XCTAssertEqual(calls, 0)
  }

  func testGrowthIsAdvisedWhereItIsDense() {
    let world = world()
    let heap = world.thread()
    var live: [UInt] = []
    // Slab by slab, so that what is looked at was touched.
    for _ in 0..<64 { live += fill(1, heap, world) }
    let base = world.runs.base
    XCTAssertGreaterThan(advised.count, 10)
    XCTAssertGreaterThanOrEqual(advised.min()!, base + HugePages.leastUsed - size)
    let end = live.max()!
    let inside = stride(from: base + 40 << 20, to: HugePages.start(end), by: Int(size))
    XCTAssertTrue(advised.isSuperset(of: inside), "from there on, all")
    XCTAssertLessThanOrEqual(advised.max()!, end + size, "and not far ahead")
    XCTAssertEqual(refused, [])
    world.check()
    world.free(live, by: heap)
    world.finish()
    XCTAssertEqual(advised, [], "nothing is advised where all was purged")
  }

  func testSparseGrowthIsNotAdvised() {
    let world = world()
    let heap = world.thread()
    let live = fill(64, heap, world, touched: false)
    XCTAssertEqual(calls, 0)
    world.free(live, by: heap)
    world.finish()
  }

  func testLargerSlabsAreNotAdvised() {
    let world = world()
    let heap = world.thread()
    var live: [UInt] = []
    for _ in 0..<640 {
      let address = UInt(bitPattern: heap.allocate(100_000))
      touch(address, 100_000)
      live.append(address)
    }
    XCTAssertEqual(calls, 0)
    world.free(live, by: heap)
    world.finish()
  }

  /// Where the system has none, everywhere some, or the pool is not to ask.
  func testWhereAdviceIsOfNoUse() {
    for (mode, system, profile) in [
      (HugePages.Mode.auto, HugePages.System.none, Profile.checked), (.always, .none, .checked),
      (.auto, .always, .checked), (.always, .always, .checked), (.never, .advised, .checked), (.never, .none, .checked),
      (.auto, .advised, .hardened), (.always, .advised, .hardened),
    ] {
      let world = world(mode, system, profile: profile)
      let heap = world.thread()
      var live: [UInt] = []
      for _ in 0..<38 { live += fill(1, heap, world) }
      live += world.allocate(2, of: 10 << 20, from: heap) + world.allocate(1, of: 100 << 20, from: heap)
      XCTAssertEqual(calls, 0, "\(mode) \(system) \(profile)")
      world.free(live, by: heap)
      world.finish()
    }
  }

  /// The system would use huge pages everywhere, and is told not to.
  func testNeverAdvisesAgainst() {
    let world = world(.never, .always)
    let heap = world.thread()
    let live = fill(10, heap, world) + world.allocate(1, of: 9 << 20, from: heap)
    XCTAssertEqual(advised, [])
    let pages = stride(from: world.runs.base, to: HugePages.start(live.max()!), by: Int(size))
    XCTAssertTrue(refused.isSuperset(of: pages))
    world.free(live, by: heap)
    world.finish()
  }

  func testAlwaysAdvisesFromTheStart() {
    let world = world(.always)
    let heap = world.thread()
    let live = fill(10, heap, world, touched: false)
    let pages = stride(from: world.runs.base, to: HugePages.start(live.max()!), by: Int(size))
    XCTAssertTrue(advised.isSuperset(of: pages))
    world.free(live, by: heap)
    world.finish()
  }

  /// Large objects are advised when the ones before were touched from end to end, as far as they have whole huge pages.
  func testLargeObjects() {
    let world = world()
    let heap = world.thread()
    var live: [UInt] = []
    for _ in 0..<2 {
      live += world.allocate(1, of: 9 << 20, from: heap)
      touch(live.last!, 9 << 20)
    }
    XCTAssertEqual(calls, 0)
    live += world.allocate(1, of: 10 << 20, from: heap)
    let start = HugePages.end(live.last!)
    XCTAssertEqual(advised, Set(stride(from: start, to: HugePages.start(live.last! + 10 << 20), by: Int(size))))
    // Twice as large, as a table is when it has grown: it may be half empty for long.
    let before = calls
    live += world.allocate(1, of: 20 << 20, from: heap)
    XCTAssertEqual(calls, before)
    world.check()
    world.free(live, by: heap)
    world.finish()
  }

  /// The ends were touched: that is not enough.
  func testSparseLargeObjectsStaySparse() {
    let world = world()
    let heap = world.thread()
    var live: [UInt] = []
    for _ in 0..<6 {
      live += world.allocate(1, of: 9 << 20, from: heap)
      touch(live.last!, 1 << 20)
      touch(live.last! + 8 << 20, 1 << 20)
    }
    XCTAssertEqual(calls, 0)
    live += world.allocate(1, of: 500 << 20, from: heap) + world.allocate(1, of: 500 << 20, from: heap)
    live += world.allocate(1, of: 500 << 20, from: heap)
    XCTAssertEqual(calls, 0)
    world.free(live, by: heap)
    world.finish()
  }

  /// A sparse object ends what dense ones before had shown.
  func testASparseObjectAfterDenseOnes() {
    let world = world()
    let heap = world.thread()
    var live: [UInt] = []
    for _ in 0..<3 {
      live += world.allocate(1, of: 9 << 20, from: heap)
      touch(live.last!, 9 << 20)
    }
    XCTAssertGreaterThan(calls, 0)
    // The first one is advised, and so is the next, since it comes too soon to know.
    live += world.allocate(2, of: 9 << 20, from: heap)
    let before = calls
    live += world.allocate(2, of: 9 << 20, from: heap)
    XCTAssertEqual(calls, before)
    world.free(live, by: heap)
    world.finish()
  }

  /// What an object is copied into is touched for certain, and nothing else is.
  func testAnObjectThatGrowsAndMoves() {
    let world = world()
    let heap = world.thread()
    let old = UInt(bitPattern: heap.allocate(6 << 20))
    let wall = UInt(bitPattern: heap.allocate(1 << 20))
    let new = heap.reallocate(old, 12 << 20)
    XCTAssertNotEqual(new, old)
    XCTAssertEqual(
      advised, Set(stride(from: HugePages.end(new), to: HugePages.start(new + 6 << 20), by: Int(size))))
    world.free([new, wall], by: heap)
    world.finish()
  }

  /// A few free pages in a dense huge page wait; a larger hole is purged, and then the huge page is not advised.
  func testPurgingKeepsDensePages() {
    let world = world()
    let heap = world.thread()
    var live: [UInt] = []
    for _ in 0..<64 { live += fill(1, heap, world) }
    let page = advised.sorted()[4]
    func slabs(_ count: UInt) -> Range<UInt> { page + 8 * PageRun.pageSize..<page + (8 + count) * PageRun.pageSize }
    func freeSlabs(_ range: Range<UInt>) {
      world.free(live.filter(range.contains), by: heap)
      live.removeAll(where: range.contains)
    }
    freeSlabs(slabs(2))
    XCTAssertGreaterThan(world.runs.dirtyBytes, 0)
    let purges = HeapSystem.current.count(.purge)
    HeapSystem.current.now += 200
    world.runs.purgeIfDue()
    XCTAssertEqual(HeapSystem.current.count(.purge), purges, "few pages")
    XCTAssertTrue(advised.contains(page))
    world.check()
    freeSlabs(slabs(16))
    HeapSystem.current.now += 200
    world.runs.purgeIfDue()
    XCTAssertGreaterThan(HeapSystem.current.count(.purge), purges)
    XCTAssertFalse(advised.contains(page))
    XCTAssertTrue(refused.contains(page))
    world.check()
    world.free(live, by: heap)
    world.finish()
  }

  /// A hole of a whole huge page and of the ends of its neighbours: the ends stay.
  func testTheEndsOfALongHole() {
    let world = world()
    let heap = world.thread()
    var live: [UInt] = []
    for _ in 0..<64 { live += fill(1, heap, world) }
    let page = advised.sorted()[4]
    let hole = page - 2 * PageRun.pageSize..<page + size + 2 * PageRun.pageSize
    let dirty = world.runs.dirtyBytes
    world.free(live.filter(hole.contains), by: heap)
    live.removeAll(where: hole.contains)
    // The latest freed slots are ready, and their slab is not free yet.
    world.bin(heap, 512).emptyStack()
    HeapSystem.current.now += 200
    world.runs.purgeIfDue()
    XCTAssertFalse(advised.contains(page))
    XCTAssertTrue(advised.isSuperset(of: [page - size, page + size]))
    XCTAssertEqual(world.runs.dirtyBytes, dirty + 4 * PageRun.pageSize)
    XCTAssertTrue(world.check())
    XCTAssertGreaterThan(world.pool.purgeAll(), 0, "a purge on request takes all")
    XCTAssertEqual(world.runs.dirtyBytes, 0)
    world.check()
    world.free(live, by: heap)
    world.finish()
  }

  /// The first touch of a huge page makes all of it resident: with its slabs, what nobody has used yet is purged.
  func testTheUnusedRestOfAPurgedPage() {
    for isTrimmed in [false, true] { purgeLastPage(isTrimmed: isTrimmed) }
  }

  /// - Parameter isTrimmed: the last slab is the current one, and a trim purges it. Otherwise a purge takes it.
  private func purgeLastPage(isTrimmed: Bool) {
    let world = world()
    let heap = world.thread()
    var live: [UInt] = []
    for _ in 0..<64 { live += fill(1, heap, world) }
    let page = HugePages.start(live.max()!)
    XCTAssertTrue(advised.contains(page))
    let rest = world.run(live.max()!).endAddress
    XCTAssertLessThan(rest, page + size)
    for address in stride(from: rest, to: page + size, by: 4096) {
      UnsafeMutablePointer<UInt8>(bitPattern: address)!.pointee = 0
    }
    world.free(live.filter { $0 >= page }, by: heap)
    live.removeAll { $0 >= page }
    if isTrimmed {
      world.bin(heap, 512).trim()
    } else {
      world.bin(heap, 512).emptyStack()
      HeapSystem.current.now += 200
      world.runs.purgeIfDue()
    }
    XCTAssertEqual(HeapSystem.current.memory.resident(at: rest, page + size - rest), 0)
    XCTAssertTrue(refused.contains(page))
    world.check()
    world.free(live, by: heap)
    world.finish()
  }

  /// A system that refuses advice, and one that has no more mappings.
  func testRefusedAdvice() {
    for isOfMappings in [false, true] {
      let world = HeapWorld(hugePages: .always, hugeSystem: .advised) { call, _, _ in
        call == .adviseHuge && !isOfMappings
      }
      if isOfMappings { HeapSystem.current.mappings = 10 }
      let heap = world.thread()
      let live = fill(10, heap, world)
      XCTAssertEqual(advised, [])
      world.free(live, by: heap)
      world.finish()
    }
  }
}
