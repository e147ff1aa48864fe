import XCTest

@testable import SlabMalloc

/// Which word of a slab is opened next.
final class SlabWordsTests: XCTestCase {
  private let test = TestPage(.kib64).carved(slotSize: 8)
  private var slab: SlabPointer { test.slab }
  private var words: UInt { UInt(slab.pointee.wordCount) }

  /// Uses every slot but those given.
  private func use(allBut free: [UInt: UInt]) {
    var used = slab.slots
    for word in 0..<words {
      slab.word(word).pointee = SlotWord(free: free[word] ?? 0, ready: 0)
      used -= UInt((free[word] ?? 0).nonzeroBitCount)
    }
    slab.pointee.countdown = Int32(used)
  }

  func testAFreshSlabStartsWithItsFirstWord() {
    XCTAssertGreaterThan(words, 64)
    XCTAssertEqual(slab.word(0).pointee.free, UInt.max)
    use(allBut: [0: 1, words - 1: 0])
    XCTAssertEqual(slab.nextWord(after: words - 1), 0)
  }

  func testTheSlotsOfTheLastWordAreThoseThatAreLeft() {
    for page in PageSize.base {
      for slotSize: UInt in [8, 16, 64, 512, 2048] {
        TestPage.withSlab(page, slotSize: slotSize) { slab in
          let bits = (0..<UInt(slab.pointee.wordCount)).map { slab.word($0).pointee.free.nonzeroBitCount }
          XCTAssertEqual(UInt(bits.reduce(0, +)), slab.slots)
          XCTAssertTrue(bits.dropLast().allSatisfy { $0 == 64 })
        }
      }
    }
  }

  /// The next in turn that has a free slot, wherever it starts; nil only if there is none.
  func testWordsWithFewFreeSlotsTakeTurns() {
    var random = SeededRandom()
    for round in 0..<300 {
      var open: [UInt: UInt] = [:]
      for _ in 0..<round % 4 { open[UInt(random.below(Int(words)))] = 1 &<< UInt(random.below(60)) }
      use(allBut: open)
      for word in 0..<words {
        let expected = open.keys.filter { $0 > word }.min() ?? open.keys.min()
        guard slab.nextWord(after: word) == expected else {
          return XCTFail("after \(word) of \(open.keys): not \(expected as Any); \(SeededRandom.hint)")
        }
      }
    }
  }

  func testAWordThatGatheredSlotsIsOpenedAgain() {
    use(allBut: [70: 0b1111_0000, 71: UInt.max])
    XCTAssertEqual(slab.nextWord(after: 70), 70)
    XCTAssertEqual(slab.nextWord(after: 71), 71)
    XCTAssertEqual(slab.nextWord(after: 72), 70)
    use(allBut: [70: 0b111, 71: 1])
    XCTAssertEqual(slab.nextWord(after: 70), 71, "three are few")
  }

  func testAWordIsFoundFromItsPendingHalf() {
    let other = TestPage(.kib64).carved(slotSize: 8)
    for word in 0..<words {
      let ready = UnsafeMutableRawPointer(slab.word(word)).advanced(by: 8).assumingMemoryBound(to: UInt.self)
      XCTAssertTrue(slab.hasWord(withReadyAt: ready))
      XCTAssertFalse(other.slab.hasWord(withReadyAt: ready))
      XCTAssertEqual(slab.word(withReadyAt: ready), word)
    }
  }
}
