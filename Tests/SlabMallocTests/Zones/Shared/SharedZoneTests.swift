import Synchronization
import XCTest

@testable import SlabMalloc

/// The zones of a shared zone, used as if other CPUs had: a caller may be moved to another CPU at any time.
final class SharedZoneTests: XCTestCase {
  private let provider = FaultyProvider()

  /// `cpuCount` is 0 for a zone for any thread.
  private func withZone(
    cpuCount: UInt, profile: Profile = .checked, on system: PageProvider? = nil,
    _ body: (_ zone: AnyZone, _ shared: SharedZonePointer) -> Void
  ) {
    let pages = system ?? provider.provider(pageSize: .kib4)
    let page = pages.pageSize ?? .kib4
    let size = SharedZone.storageSize(cpuCount: cpuCount, bins: SizeClass.count, profile)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size + 64, alignment: 64)
    defer { memory.deallocate() }
    memset(memory, 0xAA, size)
    memset(memory + size, 0xEE, 64)
    let shared = memory.assumingMemoryBound(to: SharedZone.self)
    shared.initialize(cpuCount: cpuCount, bins: SizeClass.count, page: page, profile: profile) {
      $0.initialize(page: page, provider: pages, sharing: $1, profile: profile)
    }
    let zone = AnyZone(OpaquePointer(memory))
    body(zone, shared)
    var live: UInt = 0
    XCTAssertEqual(zone.destroy(live: &live), .ok)
    XCTAssertEqual(live, 0)
    XCTAssertEqual(provider.pagesOut, 0)
    XCTAssertEqual(provider.errors, [])
    XCTAssertTrue((0..<64).allSatisfy { memory.load(fromByteOffset: size + $0, as: UInt8.self) == 0xEE })
    checkIsNoZone(zone)
  }

  private func checkIsNoZone(_ zone: AnyZone) {
    var status = Status.ok
    var live: UInt = 0
    for size: UInt in [0, 1, 64, 2000, 70_000, 200_000] { XCTAssertNil(zone.allocate(size)) }
    XCTAssertNil(zone.allocate(size: 8, alignment: 8, status: &status))
    XCTAssertEqual(status, .notInitialized)
    for address: UInt in [0, 1, 8, 4096, UInt.max] {
      XCTAssertEqual(zone.deallocate(address), .notInitialized, "\(address)")
      XCTAssertEqual(zone.deallocate(address, size: 8), .notInitialized, "\(address)")
      XCTAssertEqual(zone.deallocate(address, size: 8, alignment: 8), .notInitialized, "\(address)")
      XCTAssertFalse(zone.owns(address))
      XCTAssertEqual(zone.usableSize(address), 0)
    }
    XCTAssertEqual(zone.destroy(live: &live), .notInitialized)
    XCTAssertNil(zone.takeEmptyPage(4096))
  }

  /// The fast paths of a plain zone, run on a shared zone's memory, must leave where they read nothing but the head.
  func testTheFaceIsWhereAPlainZoneHasItsHead() {
    withZone(cpuCount: 2) { _, shared in
      XCTAssertEqual(
        UInt(bitPattern: withUnsafeMutablePointer(to: &shared.pointee.head) { $0 }), UInt(bitPattern: shared))
      XCTAssertEqual(shared.pointee.head.face, .perCPU)
      XCTAssertEqual(shared.pointee.head.directLimit, 0)
      XCTAssertNil(shared.pointee.head.last.ready)
      let plain = UnsafeMutableRawPointer(shared).assumingMemoryBound(to: ZoneState.self)
      XCTAssertFalse(plain.isInitialized)
      for address: UInt in [0, 1, 4095, 4096, UInt(bitPattern: shared), .max] {
        XCTAssertNil(plain.view.probe(address))
      }
    }
  }

  func testOneZoneServesAnyThread() {
    for profile in [Profile.fast, .checked, .hardened] {
      withZone(cpuCount: 0, profile: profile) { zone, shared in
        XCTAssertEqual(shared.first, shared.reserves)
        XCTAssertEqual(shared.zoneCount, 1)
        for size: UInt in [0, 64, 1024, 1025, 50_000] {
          let address = bits(zone.allocate(size))
          XCTAssertNotEqual(address, 0)
          XCTAssertEqual(zone.deallocate(address + 1), .interiorPointer)
          XCTAssertEqual(zone.deallocate(address, size: size), .ok)
          XCTAssertEqual(zone.deallocate(address), .doubleFree)
          XCTAssertEqual(zone.deallocate(4096), .foreignPointer)
          XCTAssertNil(shared.first.zone.violation())
        }
        XCTAssertEqual(zone.deallocate(0), .ok)
        XCTAssertEqual(zone.reserve(size: 64, alignment: 8, count: 200), .ok)
      }
    }
  }

  func testThreadsShareAZone() {
    for cpuCount: UInt in [0, 3] {
      withZone(cpuCount: cpuCount, on: .mmap) { zone, shared in
        nonisolated(unsafe) let zone = zone
        onThreads(4) { thread in
          var random = SeededRandom(stream: UInt64(thread))
          var live: [UInt] = []
          for _ in 0..<5000 {
            if random.below(2) == 0, let object = zone.allocate(UInt(random.below(3000))) {
              live.append(bits(object))
            } else if let address = live.popLast() {
              XCTAssertEqual(zone.deallocate(address), .ok)
            }
          }
          for address in live { XCTAssertEqual(zone.deallocate(address), .ok) }
        }
        for index in 0..<shared.zoneCount { XCTAssertNil(shared.zone(index).zone.violation()) }
      }
    }
  }

  func testZonesDoNotOverlapTheDirectoryOrEachOther() {
    for cpuCount: UInt in [0, 1, 2, 64] {
      withZone(cpuCount: cpuCount) { _, shared in
        var end = UInt(bitPattern: shared) + UInt(MemoryLayout<SharedZone>.size)
        for index in 0..<shared.zoneCount {
          let zone = UInt(bitPattern: shared.zone(index))
          XCTAssertGreaterThanOrEqual(zone, end)
          XCTAssertEqual(zone & 63, 0)
          end =
            zone
            + UInt(LockedZonePointer.storageSize(bins: SizeClass.count, .checked, sharesDirectory: cpuCount != 0))
        }
        let size = SharedZone.storageSize(cpuCount: cpuCount, bins: SizeClass.count, .checked)
        if cpuCount != 0 {
          let directory = UInt(bitPattern: shared.directory)
          XCTAssertGreaterThanOrEqual(directory, end)
          end = directory + UInt(PageDirectory.storageSize(bins: SizeClass.count))
        }
        XCTAssertLessThanOrEqual(end, UInt(bitPattern: shared) + UInt(size))
        XCTAssertEqual(shared.reserves, shared.zone(cpuCount))
      }
    }
  }

  func testALockAndItsZoneDoNotShareACacheLine() {
    XCTAssertLessThanOrEqual(MemoryLayout<LockedZone>.size, LockedZonePointer.zoneOffset)
    XCTAssertEqual(LockedZonePointer.zoneOffset % 64, 0)
  }

  func testObjectsOfEachZoneAreFound() {
    withZone(cpuCount: 5) { zone, shared in
      for size: UInt in [64, 50_000] {
        // The zone of the reserves is one of them.
        for index in [0, 1, 2, 3, 4, 5, 5, 3, 1] as [UInt] {
          let address = UInt(bitPattern: shared.zone(index).locked { $0.allocate(size) })
          XCTAssertTrue(zone.owns(address))
          XCTAssertGreaterThanOrEqual(zone.usableSize(address), size)
          XCTAssertEqual(zone.deallocate(address + 8), Status.interiorPointer)
          XCTAssertEqual(zone.deallocate(address), .ok)
          XCTAssertEqual(zone.deallocate(address), Status.doubleFree)
          XCTAssertNil(shared.zone(index).zone.violation())
        }
      }
      XCTAssertEqual(zone.deallocate(4096), Status.foreignPointer)
      XCTAssertEqual(zone.deallocate(0), .ok)
    }
  }

  /// The directory of all zones leads to the slab, and the slab names its zone.
  func testAPageComesToOneZoneAfterTheOther() {
    withZone(cpuCount: 3) { zone, shared in
      for index in [2, 0, 1, 3, 2] as [UInt] {
        let address = UInt(bitPattern: shared.zone(index).locked { $0.allocate(64) })
        XCTAssertEqual(UInt(shared.directory.slab(around: address)!.pointee.owner), index)
        XCTAssertEqual(zone.deallocate(address + 1), Status.interiorPointer)
        XCTAssertTrue(zone.owns(address))
        XCTAssertEqual(zone.deallocate(address), .ok)
        // The page goes, and comes again for another zone.
        var gone = (base: 0, large: 0)
        XCTAssertEqual(zone.reclaim(basePages: .max, largePages: .max, &gone), .ok)
        XCTAssertEqual(gone.base, 1)
        XCTAssertEqual(zone.deallocate(address), Status.foreignPointer)
      }
    }
  }

  func testAReserveTakesPagesOfAnyZoneAndGivesThemToAny() {
    withZone(cpuCount: 3) { zone, shared in
      for index: UInt in [0, 1, 2] {
        let address = UInt(bitPattern: shared.zone(index).locked { $0.allocate(1000) })
        XCTAssertEqual(zone.deallocate(address), .ok)
      }
      provider.fault = { _, _ in .outOfMemory }
      let slots = 3 * SlabGeometry(slotSize: 64, page: .kib4).slotCount
      XCTAssertEqual(zone.reserve(size: 64, alignment: 8, count: slots), .ok)
      XCTAssertEqual(zone.reserve(size: 64, alignment: 8, count: slots + 1), Status.outOfMemory)
      XCTAssertEqual(provider.pagesOut, 3)
      for index: UInt in [0, 1, 2, 3] { XCTAssertNil(shared.zone(index).zone.violation()) }
      let objects = (0..<slots).map { _ in UInt(bitPattern: zone.allocate(64)) }
      XCTAssertFalse(objects.contains(0))
      XCTAssertNil(zone.allocate(64))
      for object in objects { XCTAssertEqual(zone.deallocate(object), .ok) }
      provider.fault = { _, _ in .none }
    }
  }

  /// What overlaps a page of one CPU's zone is refused by all others, whatever its size.
  func testAPageThatOverlapsAnotherCPUsIsRefused() {
    withZone(cpuCount: 3) { zone, shared in
      let owner = shared.zone(1)
      var live = (0..<200).map { _ in bits(owner.locked { $0.allocate(2048) }) }
      let large = bits(owner.locked { $0.allocate(5000) })
      live.append(large)
      let table = shared.directory.tablePage!
      let overlapping: [(address: UInt, size: UInt)] = [
        (live[0] & ~PageSize.kib4.mask, 100), (table, 100), (large & ~PageSize.large.mask, 100),
        (large & ~PageSize.large.mask + 8192, 100), (large & ~PageSize.large.mask, 20_000),
        (live[0] & ~PageSize.large.mask, 20_000), (table & ~PageSize.large.mask, 20_000),
      ]
      for (address, size) in overlapping where address != 0 {
        provider.fault = { _, _ in .address(address) }
        for index in [0, 2, 3] as [UInt] {
          var status = Status.ok
          XCTAssertNil(shared.zone(index).locked { $0.allocate(size: size, alignment: 8, status: &status) })
          XCTAssertEqual(status, Status.pageOwned, "size \(size)")
          let bytes = size == 100 ? 4096 : PageSize.large.size
          let refilled = shared.zone(index).locked {
            $0.refill(size: size, alignment: 8, page: address, pageSize: bytes)
          }
          XCTAssertEqual(refilled, Status.pageOwned, "size \(size)")
          XCTAssertNil(shared.zone(index).zone.violation())
        }
      }
      provider.fault = { _, _ in .none }
      for size: UInt in [100, 20_000] { live.append(bits(shared.zone(0).locked { $0.allocate(size) })) }
      for address in live { XCTAssertEqual(zone.deallocate(address), .ok) }
    }
  }

  /// Statistics read the slabs of other CPUs while these change them: what a slab says may be of several moments.
  /// Counts stay within what there is.
  func testCountsOfASlabThatAnotherCPUChanges() {
    withZone(cpuCount: 2) { zone, shared in
      let object = bits(shared.zone(1).locked { $0.allocate(64) })
      let slab = shared.directory.slab(around: object)!
      let index = UInt(slab.pointee.binIndex)
      let (slots, countdown) = (Int(slab.pointee.slotCount), slab.pointee.countdown)
      XCTAssertEqual(shared.zone(0).zone.statistics(of: index).slotsLive, 1)
      // Its ready slots are counted before they return to the slab, and its used ones after that.
      slab.pointee.countdown = 0
      XCTAssertEqual(shared.zone(0).zone.statistics(of: index).slotsLive, 0)
      XCTAssertEqual(shared.zone(0).zone.live.slots, 0)
      // A countdown of one state, and another state.
      slab.pointee.countdown = Int32(slots + 100)
      XCTAssertLessThanOrEqual(shared.zone(0).zone.statistics(of: index).slotsLive, slots)
      slab.pointee.countdown = countdown
      XCTAssertEqual(zone.deallocate(object), .ok)
    }
  }

  /// A lookup of another CPU, which holds its zone's lock, may still read a page that leaves: whoever gets the page,
  /// the client or the provider, waits for that lock.
  func testAPageLeavesWhenNoOtherCPUReadsIt() {
    for way in 0..<3 {
      withZone(cpuCount: 3) { _, shared in
        nonisolated(unsafe) let own = shared.zone(0)
        for size in [64, 3000] as [UInt] {
          XCTAssertEqual(own.locked { $0.deallocate(bits($0.allocate(size))) }, .ok)
        }
        let before = provider.releaseCalls
        nonisolated(unsafe) let (shared, provider) = (shared, provider)
        let isReading = DispatchSemaphore(value: 0)
        let isOver = Atomic<Bool>(false)
        let tooEarly = Atomic<Int>(0)
        provider.duringRelease = { if !isOver.load(ordering: .acquiring) { tooEarly.add(1, ordering: .relaxed) } }
        onThreads(2) { thread in
          if thread == 0 {
            shared.zone(2).locked { _ in
              isReading.signal()
              Thread.sleep(forTimeInterval: 0.1)
              isOver.store(true, ordering: .releasing)
            }
            return
          }
          isReading.wait()
          switch way {
          case 0:
            let page = own.locked { $0.takeEmptyPage(4096) }
            if !isOver.load(ordering: .acquiring) { tooEarly.add(1, ordering: .relaxed) }
            if let page { provider.release(page, 4096) }
          case 1:
            let page = own.locked { $0.takeEmptyPage(PageSize.large.size) }
            if !isOver.load(ordering: .acquiring) { tooEarly.add(1, ordering: .relaxed) }
            if let page { provider.release(page, PageSize.large.bytes) }
          default: _ = own.locked { $0.reclaim(basePages: .max, largePages: .max) }
          }
        }
        XCTAssertEqual(tooEarly.load(ordering: .relaxed), 0, "way \(way)")
        XCTAssertGreaterThan(provider.releaseCalls, before, "way \(way): a page left")
        provider.duringRelease = {}
      }
    }
  }

  /// No lookup reads the run of an object, which leaves while other CPUs hold their zones' locks.
  func testARunLeavesAtOnce() {
    withZone(cpuCount: 3) { zone, shared in
      let large = bits(zone.allocate(300_000))
      let before = provider.releaseCalls
      nonisolated(unsafe) let (shared, zone) = (shared, zone)
      let number = Atomic<Int>(-1)
      let (isNumbered, isHeld, isFreed) = (
        DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
      )
      onThreads(2) { thread in
        if thread == 0 {
          isNumbered.wait()
          let other = (0..<3).first { $0 != number.load(ordering: .acquiring) } ?? 0
          shared.zone(UInt(other)).locked { _ in
            isHeld.signal()
            XCTAssertEqual(isFreed.wait(timeout: .now() + 120), .success, "the deallocation waits for another CPU")
          }
          return
        }
        number.store((0..<3).first { shared.zone(UInt($0)) == shared.own } ?? -1, ordering: .releasing)
        isNumbered.signal()
        isHeld.wait()
        XCTAssertEqual(zone.deallocate(large), .ok)
        isFreed.signal()
      }
      XCTAssertEqual(provider.releaseCalls, before + 1)
    }
  }

  /// Of two CPUs that are given overlapping pages at the same time one gets its page: a large page, a single one or a
  /// run.
  func testTwoCPUsThatGetOverlappingPagesAtOnce() {
    let large = PageSize.large.size
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Int(3 * large), alignment: Int(large))
    defer { memory.deallocate() }
    memset(memory, 0, Int(3 * large))
    let place = UInt(bitPattern: memory) + large
    // What each takes in round n, with the size that it is for.
    let kinds: [(name: String, size: UInt, bytes: UInt, start: (UInt) -> UInt)] = [
      ("large", 20_000, large, { _ in place }),
      ("base", 64, 4096, { place + $0 % 512 * 4096 }),
      ("run", 20_000, 7 * 4096, { place + $0 % 506 * 4096 }),
      ("run over the start", 20_000, 7 * 4096, { place - 4096 * (1 + $0 % 6) }),
      ("run over the end", 20_000, 7 * 4096, { place + large - 4096 * (1 + $0 % 6) }),
      ("object", 300_000, 128 * 4096, { place + $0 % 384 * 4096 }),
      ("object around", 300_000, large + 8192, { _ in place - 4096 }),
    ]
    let pairs = [
      (0, 1), (1, 0), (0, 0), (0, 2), (2, 0), (0, 3), (4, 0), (0, 5), (0, 6), (1, 1), (2, 2), (1, 2), (2, 5), (3, 3),
      (5, 5),
      (6, 5), (3, 6),
    ]
    for (first, second) in pairs {
      withZone(cpuCount: 2, on: .none) { zone, shared in
        nonisolated(unsafe) let (shared, each) = (shared, [kinds[first], kinds[second]])
        for round in 0..<380 as Range<UInt> {
          let statuses = TwoResults()
          onThreads(2) { index in
            let it = each[index]
            // The zone of the reserves has the large objects of all.
            let zone = it.size > maxSize ? shared.reserves : shared.zone(UInt(index))
            let status = zone.locked {
              $0.refill(size: it.size, alignment: 8, page: it.start(round), pageSize: it.bytes)
            }
            statuses.set(index, status)
          }
          let results = statuses.values
          let name = "\(each[0].name), \(each[1].name), round \(round)"
          XCTAssertEqual(Set([results.0, results.1]), [.pageOwned, .ok], name)
          for (status, it) in [(results.0, each[0]), (results.1, each[1])] where status == .ok {
            XCTAssertEqual(zone.takeEmptyPage(it.bytes), it.start(round), name)
          }
          XCTAssertFalse(shared.directory.holdsAny(place - large, 3 * large), name)
        }
        for index in 0..<shared.zoneCount { XCTAssertNil(shared.zone(index).zone.violation()) }
        XCTAssertEqual(shared.directory.pointee.count, 0)
        XCTAssertNil(shared.directory.pointee.largeComingIn)
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
