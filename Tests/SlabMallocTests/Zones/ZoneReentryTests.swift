import XCTest

@testable import SlabMalloc

/// A provider that calls back into the zone that called it.
final class ZoneReentryTests: XCTestCase {
  private let reentrant = Status.reentrant

  func testWhatNeedsNoPageIsServedAndWhatNeedsOneIsRefused() {
    let test = TestZone(page: .kib4)
    var live = [test.allocate(64)!]
    var inner: [UInt] = []
    test.provider.duringAllocate = { [unowned test] _ in
      inner.append(test.allocate(64)!)
      XCTAssertEqual(test.allocate(600, alignment: 8).status, self.reentrant)
      XCTAssertEqual(test.allocate(9000, alignment: 8).status, self.reentrant)
      XCTAssertNil(test.allocate(128))
      XCTAssertEqual(test.zone.deallocate(inner[0]), .ok)
      XCTAssertEqual(test.zone.deallocate(inner[0]), Status.doubleFree)
      inner[0] = test.allocate(50)!
      XCTAssertNil(test.zone.violation())
    }
    live.append(test.allocate(128)!)
    test.provider.duringAllocate = { _ in }
    XCTAssertEqual(inner.count, 1)
    live.append(test.allocate(600)!)
    XCTAssertNil(test.zone.violation())
    for address in live + inner { XCTAssertEqual(test.zone.deallocate(address), .ok) }
    test.destroyAndCheck()
  }

  func testAFailingCallThatCallsBack() {
    let test = TestZone(page: .kib4)
    let live = test.allocate(64)!
    test.provider.fault = { _, _ in .outOfMemory }
    test.provider.duringAllocate = { [unowned test] _ in
      XCTAssertEqual(test.allocate(600, alignment: 8).status, self.reentrant)
    }
    XCTAssertEqual(test.allocate(600, alignment: 8).status, Status.outOfMemory)
    test.provider.fault = { _, _ in .none }
    test.provider.duringAllocate = { _ in }
    XCTAssertNotNil(test.allocate(600))
    XCTAssertEqual(test.zone.deallocate(live), .ok)
    test.destroyAndCheck(live: 1)
  }

  func testAProviderThatHandsThePageInItself() {
    let test = TestZone(page: .kib4)
    test.provider.duringAllocate = { [unowned test] call in
      guard call == 1 else { return }
      XCTAssertEqual(test.refill(200), .ok)
      XCTAssertNotNil(test.allocate(200))
    }
    XCTAssertNotNil(test.allocate(200))
    XCTAssertNil(test.zone.violation())
    test.destroyAndCheck(live: 2)
  }

  func testAProviderThatEndsTheZone() {
    // With an object in use, and with a page whose objects are all free.
    for frees in [false, true] {
      let test = TestZone(page: .kib4)
      let address = test.allocate(64)!
      if frees { XCTAssertEqual(test.zone.deallocate(address), .ok) }
      var live: UInt = 0
      test.provider.duringAllocate = { [unowned test] _ in XCTAssertEqual(test.zone.destroy(live: &live), .ok) }
      let (memory, status) = test.allocate(600, alignment: 8)
      XCTAssertNil(memory, "memory of a zone that has ended")
      XCTAssertEqual(status, Status.notInitialized)
      XCTAssertEqual(live, frees ? 0 : 1)
      XCTAssertEqual(test.provider.pagesOut, 0)
      XCTAssertEqual(test.provider.errors, [])
      XCTAssertNil(test.allocate(64))
    }
  }

  func testCallsBackWhilePagesGoBack() {
    let test = TestZone(page: .kib4)
    let keep = test.allocate(8)!
    let live = (0..<40).map { _ in test.allocate(2048)! } + (0..<3).map { _ in test.allocate(100_000)! }
    for address in live { XCTAssertEqual(test.zone.deallocate(address), .ok) }
    var inner: [UInt] = []
    test.provider.duringRelease = { [unowned test] in
      XCTAssertNil(test.zone.violation())
      inner.append(test.allocate(8)!)
      if inner.count % 2 == 0 { inner.append(test.allocate(2048)!) }
      if inner.count % 5 == 0 { XCTAssertEqual(test.zone.deallocate(inner.removeFirst()), .ok) }
    }
    XCTAssertGreaterThan(test.reclaimAll(), 20)
    test.provider.duringRelease = {}
    XCTAssertNil(test.zone.violation())
    for address in inner + [keep] { XCTAssertEqual(test.zone.deallocate(address), .ok) }
    test.destroyAndCheck()
  }

  func testAZoneThatEndsIsNoZoneForItsProvider() {
    let test = TestZone(page: .kib4)
    let address = test.allocate(64)!
    var calls = 0
    test.provider.duringRelease = { [unowned test] in
      calls += 1
      XCTAssertNil(test.allocate(64))
      XCTAssertEqual(test.zone.deallocate(address), Status.notInitialized)
    }
    test.destroyAndCheck(live: 1)
    XCTAssertEqual(calls, 1)
  }

  /// At every call some of everything is done.
  func testARandomSequenceThatCallsBackAtEachCall() {
    let test = TestZone(page: .kib4)
    var random = SeededRandom()
    var live: [UInt] = []
    var depth = 0
    func work(_ count: Int) {
      for _ in 0..<count {
        if live.isEmpty || random.below(5) < 3 {
          let (address, status) = test.allocate(UInt(1 + random.below(4000)), alignment: 8)
          if let address { live.append(address) }
          if status != .ok { XCTAssertEqual(status, reentrant, SeededRandom.hint) }
        } else {
          live.swapAt(random.below(live.count), live.count - 1)
          XCTAssertEqual(test.zone.deallocate(live.removeLast()), .ok, SeededRandom.hint)
        }
      }
    }
    let callBack = {
      depth += 1
      if depth < 3 { work(5) }
      depth -= 1
    }
    test.provider.duringAllocate = { _ in callBack() }
    test.provider.duringRelease = callBack
    for _ in 0..<200 {
      work(50)
      if random.below(4) == 0 { _ = test.zone.reclaim(.kib4, atMost: 3) }
      if let text = test.zone.violation() { return XCTFail("\(text); \(SeededRandom.hint)") }
    }
    test.provider.duringAllocate = { _ in }
    test.provider.duringRelease = {}
    XCTAssertEqual(Set(live).count, live.count, SeededRandom.hint)
    test.destroyAndCheck(live: UInt(live.count))
  }
}
