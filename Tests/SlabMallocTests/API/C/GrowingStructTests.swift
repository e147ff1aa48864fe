import CSlabmalloc
import XCTest

@testable import SlabMalloc

/// Structs that a call fills, for callers with an older or a newer header.
final class GrowingStructTests: XCTestCase {
  private struct Grown {
    var structSize: UInt32
    var old: UInt32
    var new: UInt64
  }

  private func fillGrown(_ size: Int) -> (status: Status, result: Grown) {
    var out = Grown(structSize: UInt32(size), old: 1, new: 1)
    let status = GrowingStruct.fill(&out, firstSize: 8) {
      $0.old = 2
      $0.new = 2
    }
    return (status, out)
  }

  func testACallerGetsTheFieldsThatItKnows() {
    let older = fillGrown(8)
    XCTAssertEqual(older.status, .ok)
    XCTAssertEqual([older.result.structSize, older.result.old, UInt32(older.result.new)], [8, 2, 1])
    for size in [16, 200] {
      let newer = fillGrown(size)
      XCTAssertEqual(newer.status, .ok)
      XCTAssertEqual([newer.result.structSize, newer.result.old, UInt32(newer.result.new)], [UInt32(size), 2, 2])
    }
  }

  func testAStructThatIsSmallerThanEverIsRefused() {
    for size in 0..<8 {
      let result = fillGrown(size)
      XCTAssertEqual(result.status, .invalidArgument)
      XCTAssertEqual(result.result.old, 1)
    }
    let none = GrowingStruct.fill(nil as UnsafeMutablePointer<Grown>?, firstSize: 8) { _ in
      XCTFail("nothing is filled")
    }
    XCTAssertEqual(none, .invalidArgument)
  }

  /// What a struct that is read lacks is 0.
  func testAnOptionThatACallerDoesNotKnowIsZero() {
    var given = Grown(structSize: 8, old: 3, new: 4)
    let copy = GrowingStruct.read(&given, firstSize: 8)
    XCTAssertEqual(copy?.old, 3)
    XCTAssertEqual(copy?.new, 0)
    XCTAssertNil(GrowingStruct.read(&given, firstSize: 9))
  }

  /// The sizes of 0.3.0 never change. The structs may grow.
  func testTheFirstSizesAreNoLargerThanTheStructs() {
    XCTAssertGreaterThanOrEqual(MemoryLayout<slm_heap_usage>.size, FirstSizes.heapUsage)
    XCTAssertGreaterThanOrEqual(MemoryLayout<slm_process_usage>.size, FirstSizes.processUsage)
    XCTAssertGreaterThanOrEqual(MemoryLayout<slm_process_options>.size, FirstSizes.processOptions)
    XCTAssertGreaterThanOrEqual(MemoryLayout<slm_class_statistics>.size, FirstSizes.classStatistics)
  }
}
