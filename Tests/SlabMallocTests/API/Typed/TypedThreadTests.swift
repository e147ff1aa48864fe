import Dispatch
import SlabMalloc
import XCTest

/// What may cross threads, and what may be global: these declarations compile in Swift 6 mode.
private let sharedZone = try! Zone.Shared(provider: .mmap)
private let sharedCache = try! SharedCache<Int>(provider: .mmap)
private let sharedHeap = try! Heap()
private let pages = PageProvider.mmap

final class TypedThreadTests: XCTestCase {
  func testSharedAllocatorsServeManyThreads() {
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for number in 0..<5000 {
        let one = try! sharedZone.box(number)
        let two = try! sharedCache.box(number)
        let three = try! sharedHeap.box(number)
        XCTAssertEqual(one.value + two.value + three.value, 3 * number)
      }
    }
    XCTAssertEqual(sharedZone.statistics.objects, 0)
    XCTAssertEqual(sharedCache.statistics.objects, 0)
    XCTAssertEqual(sharedHeap.statistics.objects, 0)
  }

  func testABoxIsSentToAnActor() async throws {
    actor Receiver {
      func count(of box: consuming Box<[Int]>) -> Int { box.take().count }
    }
    let count = await Receiver().count(of: try Box([1, 2, 3]))
    XCTAssertEqual(count, 3)
  }

  /// An actor owns a pool, and hands out handles.
  func testAnActorOwnsAPool() async throws {
    actor Sessions {
      private var pool = Pool<String>()
      func open(_ name: String) throws(AllocationError) -> Pool<String>.Handle { try pool.insert(name) }
      func name(of session: Pool<String>.Handle) -> String? { pool.contains(session) ? pool[session] : nil }
      func close(_ session: Pool<String>.Handle) throws(AllocationError) { try pool.remove(session) }
    }
    let sessions = Sessions()
    let handles = try await withThrowingTaskGroup(of: Pool<String>.Handle.self) { group in
      for number in 0..<100 { group.addTask { try await sessions.open("session \(number)") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    XCTAssertEqual(Set(handles).count, 100)
    for handle in handles { try await sessions.close(handle) }
    let name = await sessions.name(of: handles[0])
    XCTAssertNil(name)
  }

  /// A zone for one thread is sent as a whole.
  func testAZoneForOneThreadIsSent() async throws {
    actor Owner {
      let zone: Zone
      init(_ zone: consuming sending Zone) { self.zone = zone }
      // A zone that a class or an actor stores is lent to a function.
      func use() throws -> Int { try Self.use(zone) }
      static func use(_ zone: borrowing Zone) throws -> Int {
        let box = try zone.box(41)
        return box.value + zone.statistics.objects!
      }
    }
    let sum = try await Owner(Zone(provider: pages)).use()
    XCTAssertEqual(sum, 42)
  }
}
