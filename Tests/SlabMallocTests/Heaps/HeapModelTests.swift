import Foundation
import XCTest

@testable import SlabMalloc

/// Random workloads of threads and explicit heaps against a model. SLM_TEST_OPERATIONS says how many steps, for the
/// longest.
final class HeapModelTests: XCTestCase {
  private let steps = ProcessInfo.processInfo.environment["SLM_TEST_OPERATIONS"].flatMap { Int($0) } ?? 25_000

  private func run(
    _ world: HeapWorld, stream: UInt64, steps: Int, checkEach: Int, live: Int = 300,
    sizes: HeapModel.Sizes = HeapModel.Sizes(), line: UInt = #line
  ) {
    let model = HeapModel(world, stream: stream)
    if let text = model.run(steps: steps, checkEach: checkEach, live: live, sizes: sizes) {
      return XCTFail(text, line: line)
    }
    let heap = world.takeHeap() ?? model.threads[0]
    for address in model.addresses { XCTAssertEqual(world.free(address, by: heap), .ok, line: line) }
    world.finish(line: line)
  }

  /// A look at everything after every step.
  func testEveryStep() {
    run(HeapWorld(), stream: 340, steps: steps / 25, checkEach: 1, live: 150)
    run(HeapWorld(reserve: 0), stream: 341, steps: steps / 25, checkEach: 1, live: 150)
  }

  /// Few classes and many slabs of each, so that they fill and empty.
  func testEveryStepInFewClasses() {
    let sizes = HeapModel.Sizes(small: 1, large: 13, rarity: 1)
    run(HeapWorld(retain: 1 << 20), stream: 342, steps: steps / 20, checkEach: 1, live: 400, sizes: sizes)
  }

  func testManySteps() { run(HeapWorld(), stream: 343, steps: steps, checkEach: 250, live: 1000) }

  func testManySmallObjects() {
    let sizes = HeapModel.Sizes(small: 6, large: 9, rarity: 50)
    run(HeapWorld(), stream: 344, steps: steps, checkEach: 1000, live: 20_000, sizes: sizes)
  }

  func testEachPageSizeOfTheSystem() {
    for (index, pageSize) in [4096, 16384, 65536].enumerated() {
      run(HeapWorld(pageSize: pageSize, purgeDelay: 10), stream: 345 + UInt64(index), steps: steps / 5, checkEach: 100)
    }
  }

  func testSmallReserves() { run(HeapWorld(reserve: 0), stream: 350, steps: steps / 5, checkEach: 100, live: 1000) }

  /// Giants too, which are mappings of their own; on a system that refuses some of its calls, too.
  func testGiants() {
    let sizes = HeapModel.Sizes(small: 14, large: 27, rarity: 3)
    for (index, profile) in [Profile.checked, .hardened].enumerated() {
      let stream = 366 + 2 * UInt64(index)
      run(HeapWorld(profile: profile), stream: stream, steps: steps / 25, checkEach: 10, live: 60, sizes: sizes)
      var chance = SeededRandom(stream: 380 + stream)
      let world = HeapWorld(profile: profile) { _, _, _ in chance.below(5) == 0 }
      run(world, stream: stream + 1, steps: steps / 25, checkEach: 10, live: 60, sizes: sizes)
    }
  }

  func testHardenedHeaps() {
    run(HeapWorld(profile: .hardened), stream: 360, steps: steps / 25, checkEach: 1, live: 150)
    let sizes = HeapModel.Sizes(small: 1, large: 13, rarity: 1)
    run(
      HeapWorld(retain: 1 << 20, profile: .hardened), stream: 361, steps: steps / 10, checkEach: 10, live: 400,
      sizes: sizes)
    run(HeapWorld(reserve: 0, profile: .hardened), stream: 362, steps: steps / 5, checkEach: 100, live: 1000)
    run(HeapWorld(pageSize: 65536, profile: .hardened), stream: 363, steps: steps / 5, checkEach: 100, live: 1000)
  }

  /// Guards are left out when the system refuses them.
  func testHardenedHeapsOfARefusingSystem() {
    var chance = SeededRandom(stream: 364)
    let world = HeapWorld(retain: 2 << 20, profile: .hardened) { call, _, _ in
      (call == .decommit || call == .purge || call == .reserve) && chance.below(3) == 0
    }
    run(world, stream: 365, steps: steps / 5, checkEach: 100, live: 1000)
    XCTAssertGreaterThan(HeapSystem.current.count(.decommit), 10)
  }

  /// Calls fail at random.
  func testARefusingSystem() {
    for index in 0..<2 {
      var chance = SeededRandom(stream: 355 + UInt64(index))
      let world = HeapWorld(reserve: index == 0 ? 16 << 30 : 0, retain: 2 << 20) { _, _, _ in
        chance.below(index == 0 ? 3 : 10) == 0
      }
      run(world, stream: 352 + UInt64(index), steps: steps / 5, checkEach: 100, live: 1000)
    }
  }
}
