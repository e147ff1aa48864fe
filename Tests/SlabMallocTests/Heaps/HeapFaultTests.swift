import XCTest

@testable import SlabMalloc

/// The same workload again and again, and at each turn another of its system calls fails, alone or with those after it:
/// whatever could not be is told, nothing is lost, and the heaps work on.
final class HeapFaultTests: XCTestCase {
  /// Sizes that make all five calls happen.
  private let sizes = HeapModel.Sizes(small: 14, large: 23, rarity: 3)

  /// Does the work while the calls of a range fail. Returns how many calls there were.
  @discardableResult private func work(
    failing: Range<Int>, _ reserve: UInt, _ pageSize: Int, _ profile: Profile, line: UInt = #line
  ) -> Int {
    work("call \(failing)", reserve, pageSize, profile, line: line) { failing.contains($0) }
  }

  @discardableResult private func work(
    _ name: String, _ reserve: UInt, _ pageSize: Int = 4096, _ profile: Profile = .checked, line: UInt = #line,
    fails: @escaping (Int) -> Bool
  ) -> Int {
    let world = HeapWorld(
      pageSize: pageSize, reserve: reserve, purgeDelay: 40, retain: 4 << 20, profile: profile
    ) { _, number, _ in
      fails(number)
    }
    let model = HeapModel(world, stream: 360)
    if let text = model.run(steps: 200, checkEach: 20, live: 80, sizes: sizes) {
      XCTFail("\(name): \(text)", line: line)
      return 0
    }
    let calls = HeapSystem.current.calls
    // From now on none fails, and all is served.
    HeapSystem.current.fails = { _, _, _ in false }
    if let text = model.run(steps: 50, checkEach: 10, live: 80, sizes: sizes) {
      XCTFail("\(name): \(text)", line: line)
    }
    let heap = world.takeHeap()!
    for address in model.addresses { XCTAssertEqual(world.free(address, by: heap), .ok, line: line) }
    world.finish(line: line)
    return calls
  }

  private func failEach(
    _ reserve: UInt, _ pageSize: Int = 4096, _ profile: Profile = .checked, many: Int = 1, line: UInt = #line
  ) {
    let calls = work(failing: 0..<0, reserve, pageSize, profile, line: line)
    XCTAssertGreaterThan(calls, 10, line: line)
    for call in stride(from: 1, through: calls, by: max(1, many / 3)) {
      work(failing: call..<call + many, reserve, pageSize, profile, line: line)
      if testRun?.failureCount ?? 0 > 5 { return }
    }
  }

  func testEachCall() { failEach(16 << 30) }
  func testEachCallOfSmallReserves() { failEach(0) }
  func testEachCallWithLargePagesOfTheSystem() { failEach(0, 65536) }
  func testEachCallOfHardenedHeaps() {
    failEach(16 << 30, 4096, .hardened)
    failEach(0, 4096, .hardened)
    failEach(0, 65536, .hardened)
  }

  func testCallsAtRandom() { failAtRandom(.checked) }
  func testCallsAtRandomOfHardenedHeaps() { failAtRandom(.hardened) }

  private func failAtRandom(_ profile: Profile) {
    for reserve: UInt in [16 << 30, 0] {
      for oneIn in [2, 3, 5, 8, 20] {
        for round in 0..<8 {
          var random = SeededRandom(stream: UInt64(oneIn * 100 + round))
          work("one call in \(oneIn) at random, \(SeededRandom.hint)", reserve, 4096, profile) { _ in
            random.below(oneIn) == 0
          }
        }
      }
    }
  }

  func testTenCallsInARow() { failEach(16 << 30, many: 10) }
  func testTenCallsInARowOfSmallReserves() { failEach(0, many: 10) }
  func testTenCallsInARowOfHardenedHeaps() { failEach(16 << 30, 4096, .hardened, many: 10) }

  /// Address space that can't be given back is lost, and nothing else.
  func testARefusedUnmap() {
    let world = HeapWorld(reserve: 0) { call, _, _ in call == .unmap }
    let heap = world.thread()
    for count in 1...3 {
      world.free(world.allocate(1, of: 100 << 20, from: heap), by: heap)
      XCTAssertEqual(HeapSystem.current.lost, count)
      world.check()
    }
    HeapSystem.current.fails = { _, _, _ in false }
    world.free(world.allocate(1, of: 100 << 20, from: heap), by: heap)
    XCTAssertEqual(HeapSystem.current.lost, 3)
    world.finish()
  }

  /// Nothing but what is usable already, for the rest of a life.
  func testNoMemoryAnyMore() { refuseFrom(.checked) }
  func testNoMemoryAnyMoreForHardenedHeaps() { refuseFrom(.hardened) }

  private func refuseFrom(_ profile: Profile) {
    for call in stride(from: 1, to: 60, by: 7) {
      let world = HeapWorld(reserve: call % 2 == 0 ? 0 : 16 << 30, profile: profile) { _, number, _ in number >= call }
      let model = HeapModel(world, stream: 361)
      if let text = model.run(steps: 300, checkEach: 30, live: 80, sizes: sizes) {
        return XCTFail("call \(call): \(text)")
      }
      HeapSystem.current.fails = { _, _, _ in false }
      if let text = model.run(steps: 100, checkEach: 10, live: 80, sizes: sizes) {
        return XCTFail("call \(call): \(text)")
      }
      let heap = world.takeHeap()!
      for address in model.addresses { XCTAssertEqual(world.free(address, by: heap), .ok) }
      world.finish()
    }
  }
}
