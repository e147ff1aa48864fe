import XCTest

@testable import SlabMalloc

/// Large objects that take or leave pages behind them, with a provider that always says that it resized.
final class ResizedRunTests: XCTestCase {
  /// Memory from which runs are taken, one behind the other.
  private final class Arena {
    static let bytes = 8 << 20
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 1 << 21)
    var used = 0
    var released: [Range<UInt>] = []
    init() { memset(memory, 0, Self.bytes) }
    deinit { memory.deallocate() }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Arena {
      Unmanaged<Arena>.fromOpaque(context!).takeUnretainedValue()
    }

    var provider: PageProvider {
      PageProvider(
        pageSize: .kib4, context: Unmanaged.passUnretained(self).toOpaque(), allocate: { Arena.from($0).take($1) },
        release: { Arena.from($0).giveBack($1, $2) },
        allocateRun: { context, size, _ in Arena.from(context).take(size) },
        releaseRun: { Arena.from($0).giveBack($1, $2) }, resizeRun: { _, _, _, _ in true })
    }

    private func take(_ bytes: Int) -> UnsafeMutableRawPointer? {
      guard used + bytes <= Self.bytes else { return nil }
      used += bytes
      return memory + (used - bytes)
    }

    private func giveBack(_ start: UnsafeMutableRawPointer, _ bytes: Int) {
      released.append(UInt(bitPattern: start)..<UInt(bitPattern: start) + UInt(bytes))
    }
  }

  private func withZone(_ profile: Profile, _ body: (ZonePointer, Arena) -> Void) {
    let arena = Arena()
    let storage = UnsafeMutableRawPointer.allocate(
      byteCount: ZonePointer.storageSize(bins: SizeClass.count, profile), alignment: 64)
    defer { storage.deallocate() }
    let zone = storage.assumingMemoryBound(to: ZoneState.self)
    zone.initialize(page: .kib4, provider: arena.provider, profile: profile)
    withExtendedLifetime(arena) { body(zone, arena) }
  }

  /// Pages that the zone has, as another object's, a slab's or descriptors', make no object longer, whatever the
  /// provider says.
  func testPagesOfTheZoneAreNotTakenTwice() {
    for profile in [Profile.checked, .hardened] {
      withZone(profile) { zone, _ in
        let neighbours: [(ZonePointer) -> UInt] = [
          { bits($0.allocate(300_000)) }, { bits($0.allocate(64)) }, { bits($0.allocate(40_000)) },
        ]
        for neighbour in neighbours {
          let object = bits(zone.allocate(100_000))
          let end = object + zone.usableSize(object) + zone.canarySize
          let other = neighbour(zone)
          XCTAssertTrue(zone.owns(end), "the neighbour is not behind it")
          let (usable, ledger) = (zone.usableSize(object), zone.pointee.ledger.pagesHeld)
          for pages: UInt in [1, 7, 200] {
            XCTAssertEqual(zone.resize(object, size: usable + pages * 4096), .cannotResize)
            XCTAssertEqual(zone.usableSize(object), usable)
            XCTAssertEqual(zone.pointee.ledger.pagesHeld, ledger)
            XCTAssertNil(zone.violation())
          }
          XCTAssertEqual(zone.deallocate(object), .ok)
          XCTAssertEqual(zone.deallocate(other), .ok)
        }
        var live: UInt = 0
        XCTAssertEqual(zone.destroy(live: &live), .ok)
      }
    }
  }

  /// The pages behind it that leave are given back once, those that stay are not, and its canary follows.
  func testWhatIsCutOffGoesBack() {
    for profile in [Profile.checked, .hardened] {
      withZone(profile) { zone, arena in
        let object = bits(zone.allocate(300_000))
        let pages = (300_000 + zone.canarySize + 4095) / 4096
        XCTAssertEqual(zone.resize(object, size: 4096 * 10 - zone.canarySize), .ok)
        XCTAssertEqual(arena.released, [object + 10 * 4096..<object + pages * 4096])
        XCTAssertEqual(zone.usableSize(object), 40_960 - zone.canarySize)
        XCTAssertFalse(zone.owns(object + 40_960))
        XCTAssertTrue(zone.owns(object + 40_959))
        // And longer again, into what is free.
        XCTAssertEqual(zone.resize(object, size: 4096 * 20 - zone.canarySize), .ok)
        XCTAssertTrue(zone.owns(object + 81_919))
        XCTAssertNil(zone.violation())
        XCTAssertEqual(zone.deallocate(object), .ok)
        XCTAssertEqual(arena.released.last, object..<object + 20 * 4096)
        var live: UInt = 0
        XCTAssertEqual(zone.destroy(live: &live), .ok)
        XCTAssertEqual(live, 0)
      }
    }
  }
}
