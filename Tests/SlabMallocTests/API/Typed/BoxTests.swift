import SlabMalloc
import XCTest

/// A value in a box ends once, and its slot goes back once.
final class BoxTests: XCTestCase {
  func testAValueEndsWithItsBox() throws {
    let log = Tracked.Log()
    let counter = try CountingSource.with { source in
      var box = try BoxIn(Tracked(1, log), in: source)
      box.value.number += 1
      XCTAssertEqual(box.value.number, 2)
      XCTAssertEqual(log.ended, [])
      _ = consume box
      XCTAssertEqual(log.ended, [2])
    }
    XCTAssertEqual(counter.allocations, 1)
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
  }

  func testATakenValueIsNotEnded() throws {
    let log = Tracked.Log()
    let counter = try CountingSource.with { source in
      let box = try BoxIn(Tracked(1, log), in: source)
      let value = box.take()
      XCTAssertEqual(log.ended, [])
      XCTAssertEqual(value.number, 1)
    }
    XCTAssertEqual(log.ended, [1])
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
  }

  func testAReplacedValueIsReturned() throws {
    let log = Tracked.Log()
    var box = try Box(Tracked(1, log))
    let address = unsafe box.address
    let former = box.replace(with: Tracked(2, log))
    XCTAssertEqual(former.number, 1)
    XCTAssertEqual(box.value.number, 2)
    XCTAssertEqual(unsafe address, unsafe box.address)
    XCTAssertEqual(log.ended, [])
  }

  func testARefusedValueEnds() {
    let log = Tracked.Log()
    let counter = CountingSource.with(refusing: 1) { source in
      do throws(AllocationError) {
        _ = try BoxIn(Tracked(1, log), in: source)
        XCTFail("the box has no memory")
      } catch {
        XCTAssertEqual(error, .outOfMemory)
      }
    }
    XCTAssertEqual(log.ended, [1])
    XCTAssertTrue(counter.live.isEmpty)
  }

  /// A list that owns its next node, as deep as a deinitializer may go.
  func testAListOfBoxesEndsFromItsHead() throws {
    struct Node: ~Copyable {
      let value: Tracked
      var next: Box<Node>?
    }
    let log = Tracked.Log()
    var head: Box<Node>?
    for number in 0..<100 { head = try Box(Node(value: Tracked(number, log), next: head.take())) }
    head = nil
    XCTAssertEqual(log.ended, (0..<100).reversed())
  }

  /// A value that holds class instances, which have counts of their own.
  func testClassReferencesAreReleased() throws {
    final class Instance {}
    weak var instance: Instance?
    do {
      let made = Instance()
      instance = made
      let box = try Box((made, "a string that is too long to be stored in its own value"))
      XCTAssertTrue(box.value.0 === instance)
    }
    XCTAssertNil(instance)
  }

  func testZeroSizedAndOverAlignedValues() throws {
    struct Empty {}
    let empty = try Box(Empty())
    let another = try Box(Empty())
    XCTAssertNotEqual(unsafe UInt(bitPattern: empty.address), unsafe UInt(bitPattern: another.address))
    let aligned = try Box(Vectors())
    XCTAssertEqual(unsafe UInt(bitPattern: aligned.address) % 16, 0)
    XCTAssertEqual(aligned.value.words, SIMD8(repeating: 7))
    let heap = GlobalHeap()
    for alignment in [64, 4096] {
      let memory = try heap.allocate(Layout(size: 100, alignment: alignment))
      XCTAssertEqual(UInt(bitPattern: memory) % UInt(alignment), 0)
      heap.deallocate(memory, Layout(size: 100, alignment: alignment))
    }
  }

  func testTheGlobalHeapSaysWhyItRefuses() {
    let heap = GlobalHeap()
    func error(_ layout: Layout) -> AllocationError? {
      do throws(AllocationError) {
        let memory = try heap.allocate(layout)
        heap.deallocate(memory, layout)
        return nil
      } catch { return error }
    }
    XCTAssertEqual(error(Layout(size: 1 << 60, alignment: 8)), .outOfMemory)
    XCTAssertEqual(error(Layout(size: 1 << 60, alignment: 8))?.layout, Layout(size: 1 << 60, alignment: 8))
    XCTAssertEqual(error(Layout(size: 1 << 60, alignment: 64)), .outOfMemory)
    XCTAssertEqual(error(Layout(size: 8, alignment: 3)), nil, "malloc aligns to more than that")
    XCTAssertEqual(error(Layout(size: 8, alignment: 48)), .invalidLayout)
    XCTAssertEqual(error(Layout(size: -1, alignment: 8)), .invalidLayout)
  }

  func testTheGlobalHeapMovesMemory() throws {
    for alignment in [8, 64] {
      let heap = GlobalHeap()
      let small = Layout(size: 40, alignment: alignment)
      let memory = try heap.allocate(small)
      memory.initializeMemory(as: UInt8.self, repeating: 3, count: 40)
      let moved = try heap.reallocate(memory, small, to: 5000)
      XCTAssertTrue((0..<40).allSatisfy { moved.load(fromByteOffset: $0, as: UInt8.self) == 3 })
      XCTAssertEqual(UInt(bitPattern: moved) % UInt(alignment), 0)
      XCTAssertThrowsError(try heap.reallocate(moved, Layout(size: 5000, alignment: alignment), to: 1 << 60))
      heap.deallocate(moved, Layout(size: 5000, alignment: alignment))
    }
  }
}
