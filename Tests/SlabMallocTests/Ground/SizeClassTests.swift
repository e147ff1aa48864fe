import XCTest

@testable import SlabMalloc

final class SizeClassTests: XCTestCase {
  private let all = (0..<SizeClass.count).map { SizeClass.slotSize($0) }
  private let alignments = (0...17).map { UInt(1) << $0 }

  func testSlotSizesRiseAndReachTheLargestSize() {
    XCTAssertEqual(all.first, 8)
    XCTAssertTrue(zip(all, all.dropFirst()).allSatisfy(<))
    XCTAssertEqual(all.last, maxSize)
    XCTAssertTrue(all.allSatisfy { $0 % 8 == 0 })
  }

  func testEverySizeGetsTheSmallestClassThatHoldsIt() {
    var expected: UInt = 0
    for size in 0...maxSize {
      while SizeClass.slotSize(expected) < size { expected += 1 }
      if SizeClass.index(size: size) != expected { return XCTFail("size \(size) must get class \(expected)") }
    }
    for size in [maxSize + 1, maxSize * 2, UInt.max / 2, UInt.max] { XCTAssertNil(SizeClass.index(size: size)) }
  }

  func testThereIsASlotSizeForEachClass() { XCTAssertEqual(slotSizes.count, Int(SizeClass.count)) }

  func testAClassWastesAtMostAFifthOfASlot() {
    // The object that wastes most is one byte more than the class below holds.
    for (below, slotSize) in zip(all, all.dropFirst()) where slotSize > 128 {
      let waste = Double(slotSize - below - 1) / Double(slotSize)
      XCTAssertLessThanOrEqual(waste, 0.2, "class \(slotSize) wastes \(waste * 100) %")
    }
  }

  func testClassesBelow128WasteAtMostOneStep() {
    for (below, slotSize) in zip(all, all.dropFirst()) where slotSize <= 128 {
      XCTAssertLessThanOrEqual(slotSize - below, 16)
    }
  }

  /// Powers of two are classes: memory that is aligned to its own size wastes nothing.
  func testPowersOfTwoAreClasses() {
    for shift in 3...17 { XCTAssertTrue(all.contains(1 << UInt(shift)), "\(1 << shift)") }
  }

  func testAnAlignmentGetsTheSmallestClassWhoseSlotsAreAllAligned() {
    for alignment in alignments {
      for size in sizes {
        let best = all.first { $0 >= max(size, 1) && $0 % alignment == 0 }
        let found = SizeClass.index(size: size, alignment: alignment).map { all[Int($0)] }
        guard found == best else {
          return XCTFail("size \(size) alignment \(alignment) got class \(found as Any), not \(best as Any)")
        }
      }
    }
  }

  /// An object that is rounded up to its alignment wastes at most that and a fifth.
  func testAnAlignmentWastesNoMoreThanItsMultiple() {
    for alignment in alignments.dropFirst(7) {
      for size in sizes where size != 0 {
        guard let index = SizeClass.index(size: size, alignment: alignment) else { continue }
        let rounded = (size + alignment - 1) / alignment * alignment
        XCTAssertLessThanOrEqual(all[Int(index)], rounded + rounded / 4, "size \(size) alignment \(alignment)")
      }
    }
  }

  func testTheNaturalAlignmentOfASlotSize() {
    for slotSize in all {
      var alignment: UInt = 1
      while slotSize % (alignment * 2) == 0 { alignment *= 2 }
      XCTAssertEqual(SizeClass.naturalAlignment(slotSize), alignment)
    }
  }

  /// Both sides of every class, and some between.
  private var sizes: [UInt] {
    var random = SeededRandom()
    let edges = all.flatMap { [$0 - 1, $0, $0 + 1] }.filter { $0 <= maxSize }
    return [0, 1, 2, maxSize - 1, maxSize] + edges + (0..<100).map { _ in UInt(random.below(Int(maxSize))) }
  }

  func testInvalidLayoutsHaveNoClass() {
    for alignment in [0, 3, 5, 6, 7, 9, 12, 24, 4095, 4097, 1 << 22, UInt.max, UInt.max - 1, UInt.max / 2 + 1] {
      for size in [0, 1, 8, 4096, maxSize] {
        XCTAssertNil(SizeClass.index(size: size, alignment: alignment), "\(size) \(alignment)")
      }
    }
    for alignment in alignments {
      for size in [maxSize + 1, UInt.max / 2, UInt.max - alignment, UInt.max] {
        XCTAssertNil(SizeClass.index(size: size, alignment: alignment), "\(size) \(alignment)")
      }
    }
  }

  func testTheSizeOfAOneSizeAllocatorIsRoundedToItsAlignment() {
    for alignment in alignments {
      for size in sizes {
        let rounded = (max(size, 1) + max(alignment, 8) - 1) / max(alignment, 8) * max(alignment, 8)
        XCTAssertEqual(slotSize(size: size, alignment: alignment), min(rounded, PageSize.large.size / 2))
      }
      XCTAssertNil(slotSize(size: maxSize + 1, alignment: alignment))
    }
    XCTAssertNil(slotSize(size: 8, alignment: 3))
    XCTAssertNil(slotSize(size: 8, alignment: 0))
    XCTAssertNil(slotSize(size: 8, alignment: 1 << 22))
  }
}
