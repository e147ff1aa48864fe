import XCTest

@testable import SlabMalloc

/// A tree of runs against an array. Its runs are only addresses.
final class RunTreeTests: XCTestCase {
  private let base: UInt = 1 << 40
  private var tree = RunTree()
  private var descriptors: [ObjectRunPointer] = []

  override func tearDown() { for run in descriptors { run.deallocate() } }

  private func make(_ start: UInt, _ bytes: UInt) -> ObjectRunPointer {
    let run = ObjectRunPointer.allocate(capacity: 1)
    run.initialize(to: ObjectRun(start: start, bytes: bytes))
    descriptors.append(run)
    return run
  }

  private func check(file: StaticString = #filePath, line: UInt = #line) {
    var sums = TreeSums()
    XCTAssertNil(tree.root?.violation(from: 0, to: .max, &sums), SeededRandom.hint, file: file, line: line)
    XCTAssertEqual(sums.runs, UInt(tree.count), file: file, line: line)
  }

  private func depth(_ run: ObjectRunPointer?) -> Int {
    guard let run else { return 0 }
    return 1 + max(depth(run.pointee.lower), depth(run.pointee.upper))
  }

  func testAgainstAnArray() {
    var random = SeededRandom()
    var live: [ObjectRunPointer] = []
    var free: [ObjectRunPointer] = []
    for step in 0..<20_000 {
      let slot = UInt(random.below(600))
      let start = base + slot * 64 * 4096
      if let index = live.firstIndex(where: { $0.pointee.start == start }) {
        tree.remove(live[index])
        free.append(live.remove(at: index))
      } else if random.below(3) != 0 {
        let bytes = UInt(1 + random.below(64)) * 4096
        let run = free.popLast() ?? make(0, 0)
        run.initialize(to: ObjectRun(start: start, bytes: bytes))
        tree.insert(run)
        live.append(run)
      }
      let address = base + UInt(random.below(600 * 64 * 4096))
      let expected = live.first { address >= $0.pointee.start && address < $0.pointee.start + $0.pointee.bytes }
      XCTAssertEqual(tree.find(address), expected, "step \(step); \(SeededRandom.hint)")
      let above = live.filter { $0.pointee.start >= address }.min { $0.pointee.start < $1.pointee.start }
      XCTAssertEqual(tree.first(from: address), above, "step \(step); \(SeededRandom.hint)")
      let (from, length) = (address & ~4095, UInt(1 + random.below(100)) * 4096)
      let overlaps = live.contains {
        $0.pointee.start < from + length && from < $0.pointee.start + $0.pointee.bytes
      }
      XCTAssertEqual(tree.overlaps(from, length), overlaps, "step \(step); \(SeededRandom.hint)")
      XCTAssertEqual(Int(tree.count), live.count)
      if step % 500 == 0 { check() }
    }
    for run in live { tree.remove(run) }
    XCTAssertNil(tree.root)
    XCTAssertEqual(tree.count, 0)
  }

  /// The shape does not depend on the order in which runs come: a search takes some 2 log2(n) steps on average.
  func testTheTreeIsFlatInAnyOrder() {
    let count = 4096
    for order in 0..<3 {
      tree = RunTree()
      for index in 0..<count {
        let place = order == 0 ? index : order == 1 ? count - 1 - index : index * 2731 % count
        tree.insert(make(base + UInt(place) * 8192, 4096))
      }
      check()
      XCTAssertLessThan(depth(tree.root), 50, "order \(order)")
    }
  }

  func testTheSameRunsMakeTheSameTree() {
    func shape(_ run: ObjectRunPointer?) -> [UInt] {
      guard let run else { return [0] }
      return [run.pointee.start] + shape(run.pointee.lower) + shape(run.pointee.upper)
    }
    var shapes: Set<[UInt]> = []
    for order in [0, 1, 2] {
      tree = RunTree()
      var runs = (0..<100).map { make(base + UInt($0) * 8192, 8192) }
      if order == 1 { runs.reverse() }
      for run in runs { tree.insert(run) }
      if order == 2 {
        for run in runs[20..<70] { tree.remove(run) }
        for run in runs[20..<70].reversed() { tree.insert(run) }
      }
      shapes.insert(shape(tree.root))
    }
    XCTAssertEqual(shapes.count, 1)
  }

  func testTheLatestEightThatEndedAreKnown() {
    XCTAssertFalse(tree.hasEnded(0), "an empty place is no address")
    for index in 0..<20 as Range<UInt> {
      tree.rememberEnded(base + index * 8192)
      for other in 0..<20 as Range<UInt> {
        XCTAssertEqual(tree.hasEnded(base + other * 8192), other <= index && other + 8 > index)
      }
    }
    XCTAssertFalse(tree.hasEnded(base + 19 * 8192 + 1))
    // Its pages serve another object: the address says nothing more.
    tree.insert(make(base + 18 * 8192, 2 * 8192))
    XCTAssertFalse(tree.hasEnded(base + 18 * 8192) || tree.hasEnded(base + 19 * 8192))
    XCTAssertTrue(tree.hasEnded(base + 17 * 8192))
  }
}
