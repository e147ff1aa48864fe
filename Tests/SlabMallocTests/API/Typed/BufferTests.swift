import SlabMalloc
import XCTest

/// A buffer owns its elements and lends them as spans.
final class BufferTests: XCTestCase {
  private struct Refusal: Error {}

  private func numbers(of span: Span<Int>) -> [Int] { span.indices.map { span[$0] } }

  func testElementsAreLentAsSpans() throws {
    var buffer = try Buffer(count: 4) { $0 * 10 }
    var changes = buffer.mutableSpan
    changes[1] = 11
    changes.swapAt(0, 3)
    XCTAssertEqual(buffer[1], 11)
    XCTAssertEqual(numbers(of: buffer.span), [30, 11, 20, 0])
    buffer[2] += 1
    XCTAssertEqual(buffer[2], 21)
    XCTAssertEqual(buffer.indices, 0..<4)
  }

  func testElementsEndWithTheirBuffer() throws {
    let log = Tracked.Log()
    let counter = try CountingSource.with { source in
      let buffer = try BufferIn(count: 3, in: source) { Tracked($0, log) }
      XCTAssertEqual(buffer.count, 3)
      XCTAssertEqual(log.ended, [])
    }
    XCTAssertEqual(log.ended, [0, 1, 2])
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
  }

  func testAThrowInTheMiddleEndsWhatWasMade() {
    let log = Tracked.Log()
    let counter = CountingSource.with { source in
      do throws(AllocationOr<Refusal>) {
        _ = try BufferIn(count: 5, in: source) { (index) throws(Refusal) -> Tracked in
          if index == 3 { throw Refusal() }
          return Tracked(index, log)
        }
        XCTFail("the closure threw")
      } catch {
        guard case .failure = error else { return XCTFail("\(error)") }
      }
    }
    XCTAssertEqual(log.ended, [0, 1, 2])
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty)
    XCTAssertEqual(counter.allocations, 1)
  }

  func testARefusalIsNotTheClosuresError() {
    _ = CountingSource.with(refusing: 1) { source in
      do throws(AllocationOr<Refusal>) {
        _ = try BufferIn(count: 5, in: source) { (_) throws(Refusal) -> Int in throw Refusal() }
      } catch {
        guard case .allocation(.outOfMemory) = error else { return XCTFail("\(error)") }
      }
    }
  }

  func testABufferWithoutElementsTakesNoMemory() throws {
    let counter = try CountingSource.with { source in
      let buffer = try BufferIn(repeating: 1, count: 0, in: source)
      XCTAssertTrue(buffer.isEmpty && buffer.span.isEmpty)
      let empty = BufferIn<Tracked, CountingSource>(in: source)
      XCTAssertEqual(empty.count, 0)
    }
    XCTAssertEqual(counter.allocations, 0)
  }

  func testHugeAndNegativeCountsAreInvalid() {
    func error(_ count: Int) -> AllocationError? {
      do throws(AllocationError) {
        _ = try Buffer(repeating: UInt64(0), count: count)
        return nil
      } catch { return error }
    }
    XCTAssertEqual(error(Int.max), .invalidLayout)
    XCTAssertEqual(error(Int.max / 8 + 1), .invalidLayout)
    XCTAssertEqual(error(-1), .invalidLayout)
    XCTAssertEqual(error(Int.max / 8), .outOfMemory)
    XCTAssertEqual(error(Int.max / 8)?.layout?.size, Int.max / 8 * 8)
    XCTAssertNil(error(1))
  }

  func testResizeKeepsAndEndsElements() throws {
    let log = Tracked.Log()
    let counter = try CountingSource.with { source in
      var buffer = try BufferIn(count: 2, in: source) { Tracked($0, log) }
      try buffer.resize(to: 5) { Tracked($0, log) }
      XCTAssertEqual(buffer.indices.map { buffer[$0].number }, [0, 1, 2, 3, 4])
      XCTAssertEqual(log.ended, [])
      try buffer.resize(to: 1) { _ in fatalError("no element is made") }
      XCTAssertEqual(log.ended, [1, 2, 3, 4])
      try buffer.resize(to: 0) { _ in fatalError("no element is made") }
      XCTAssertTrue(buffer.isEmpty)
      try buffer.resize(to: 1) { Tracked($0 + 9, log) }
      XCTAssertEqual(buffer[0].number, 9)
    }
    XCTAssertEqual(log.ended, [1, 2, 3, 4, 0, 9])
    XCTAssertTrue(counter.live.isEmpty && counter.errors.isEmpty, "\(counter.errors)")
  }

  func testARefusedResizeChangesNothing() throws {
    let log = Tracked.Log()
    _ = try CountingSource.with(refusing: 2) { source in
      var buffer = try BufferIn(count: 2, in: source) { Tracked($0, log) }
      XCTAssertEqual(
        errorOf { () throws(AllocationError) in try buffer.resize(to: 5) { _ in fatalError("refused") } },
        .outOfMemory)
      XCTAssertEqual(buffer.count, 2)
      XCTAssertEqual(buffer[1].number, 1)
      XCTAssertEqual(
        errorOf { () throws(AllocationError) in try buffer.resize(to: Int.max) { _ in fatalError("refused") } },
        .invalidLayout)
      XCTAssertEqual(buffer.count, 2)
    }
    XCTAssertEqual(log.ended, [0, 1])
  }

  func testNumbersAreMovedByTheSource() throws {
    var buffer = try Buffer(repeating: UInt32(5), count: 10)
    try buffer.resize(to: 1_000_000, repeating: 6)
    XCTAssertEqual(buffer[9], 5)
    XCTAssertEqual(buffer[999_999], 6)
    try buffer.resize(to: 3, repeating: 0)
    XCTAssertEqual(buffer.count, 3)
    var empty = Buffer<UInt32>()
    try empty.resize(to: 2, repeating: 4)
    XCTAssertEqual(empty[1], 4)
  }

  func testACopyOfASpan() throws {
    let array = [1, 2, 3]
    let buffer = try Buffer(copying: array.span)
    XCTAssertEqual(buffer.indices.map { buffer[$0] }, array)
  }

  func testOverAlignedAndZeroSizedElements() throws {
    let aligned = try Buffer(repeating: Vectors(), count: 3)
    XCTAssertEqual(aligned[2].words, SIMD8(repeating: 7))
    XCTAssertEqual(aligned.span.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) % 16 }, 0)
    let empty = try Buffer(count: 7) { _ in () }
    XCTAssertEqual(empty.span.count, 7)
  }
}

/// The error of a closure; nil if it threw none.
func errorOf(_ body: () throws(AllocationError) -> Void) -> AllocationError? {
  do throws(AllocationError) {
    try body()
    return nil
  } catch { return error }
}
