import XCTest

@testable import SlabMalloc

final class SizeClassTests: XCTestCase {
  private let all = (0..<SizeClass.count).map { SizeClass.slotSize($0) }
  private let alignments = (0...21).map { UInt(1) << $0 }

  func testSlotSizesRiseAndReachTheLargestSize() {
    XCTAssertEqual(all.first, 8)
    XCTAssertTrue(zip(all, all.dropFirst()).allSatisfy(<))
    XCTAssertGreaterThanOrEqual(all.last!, maxSize)
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

  func testAnAlignmentGetsAClassThatHasAlignedSlots() {
    for alignment in alignments {
      for size in sizes {
        guard let index = SizeClass.index(size: size, alignment: alignment) else {
          return XCTFail("size \(size) alignment \(alignment) is valid")
        }
        if let text = wrong(index, size: size, alignment: alignment) {
          return XCTFail("size \(size) alignment \(alignment) got class \(all[Int(index)]): \(text)")
        }
      }
    }
  }

  private func wrong(_ index: UInt, size: UInt, alignment: UInt) -> String? {
    let slotSize = all[Int(index)]
    guard slotSize >= max(size, 1) else { return "too small" }
    guard let best = all.first(where: { $0 >= max(size, 1) && $0 % alignment == 0 }) else {
      // No class has only aligned slots: then as few bytes as possible go on each aligned one.
      let bytes = bytesPerAlignedSlot(slotSize, alignment)
      let fewest = all.filter { $0 >= size }.map { bytesPerAlignedSlot($0, alignment) }.min()!
      return bytes == fewest ? nil : "spends \(bytes) bytes on an aligned slot, not \(fewest)"
    }
    guard slotSize % alignment == 0 else { return "not all slots are aligned, those of \(best) are" }
    let isRegular = best <= SizeClass.slotSize(SizeClass.lastRegular)
    return isRegular && slotSize != best ? "the smallest is \(best)" : nil
  }

  /// Counted, not computed: how far from one aligned slot to the next.
  private func bytesPerAlignedSlot(_ slotSize: UInt, _ alignment: UInt) -> UInt {
    var slots: UInt = 1
    while slots * slotSize % alignment != 0 { slots += 1 }
    XCTAssertEqual(SizeClass.stride(slotSize: slotSize, alignment: alignment), slots)
    return slots * slotSize
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
