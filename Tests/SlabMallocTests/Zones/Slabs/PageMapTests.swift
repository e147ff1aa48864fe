import XCTest

@testable import SlabMalloc

/// A page map against a set. Its slabs lie in a buffer of 600 base pages, so that page numbers that share a bucket come
/// with as many pages between as there are buckets.
final class PageMapTests: XCTestCase {
  private static let pageCount = 600
  private let memory = UnsafeMutableRawPointer.allocate(byteCount: pageCount * 4096, alignment: 4096)
  private let map = PageMapPointer.allocate(capacity: 1)
  private let buckets = UnsafeMutablePointer<UInt>.allocate(capacity: Int(PageMap.firstBucketCount))

  override func setUp() { map.initialize(page: .kib4, firstBuckets: buckets) }

  override func tearDown() {
    memory.deallocate()
    map.deallocate()
    buckets.deallocate()
  }

  private func address(_ index: Int) -> UInt { UInt(bitPattern: memory) + UInt(index) * 4096 }

  private func slab(_ index: Int) -> SlabPointer {
    let slab = SlabPointer.around(address(index), pageMask: PageSize.kib4.mask)
    slab.carve(page: .kib4, slotSize: 512, binIndex: 0)
    return slab
  }

  private var contents: Set<SlabPointer> {
    var result: Set<SlabPointer> = []
    map.forEach { XCTAssertTrue(result.insert($0).inserted, "visited twice") }
    return result
  }

  func testAMapThatIsNotInitialisedHoldsNothing() {
    UnsafeMutableRawPointer(map).initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<PageMap>.size)
    XCTAssertNil(map.find(address(0)))
    XCTAssertNil(map.find(0))
    XCTAssertNil(map.probe(address(0)))
    XCTAssertEqual(contents, [])
  }

  func testAnEmptyMapFindsNothing() {
    for address in [0, 1, 4095, 4096, address(0), UInt.max - 4095, UInt.max] {
      XCTAssertNil(map.find(address))
      XCTAssertNil(map.probe(address))
    }
  }

  func testAPageIsFoundFromAllItsAddressesAndNoOther() {
    let slab = slab(1)
    map.insert(slab)
    for offset in [0, 1, 2048, 4095] as [UInt] { XCTAssertEqual(map.find(address(1) + offset), slab) }
    XCTAssertNil(map.find(address(1) - 1))
    XCTAssertNil(map.find(address(2)))
    XCTAssertNil(map.find(address(1) + PageMap.firstBucketCount * 4096), "same bucket")
  }

  func testPagesOfOneBucket() {
    let step = Int(PageMap.firstBucketCount)
    let slabs = stride(from: 5, to: Self.pageCount, by: step).map { slab($0) }
    XCTAssertGreaterThan(slabs.count, 4)
    for slab in slabs { map.insert(slab) }
    for slab in slabs { XCTAssertEqual(map.find(slab.pageAddress), slab) }
    // From the middle, the front and the end of the chain.
    for index in [2, slabs.count - 1, 0] {
      map.remove(slabs[index])
      XCTAssertNil(map.find(slabs[index].pageAddress))
    }
    XCTAssertEqual(contents, Set(slabs).subtracting([slabs[2], slabs[slabs.count - 1], slabs[0]]))
  }

  func testAgainstASet() { run(steps: 6000, moveAt: []) }

  func testAgainstASetWhileTheBucketsMove() { run(steps: 6000, moveAt: [1000, 3000, 5000]) }

  private func run(steps: Int, moveAt: Set<Int>) {
    var random = SeededRandom()
    var tables: [TestPage] = []
    var model: Set<Int> = []
    for step in 0..<steps {
      if moveAt.contains(step) {
        tables.append(TestPage(tables.count == 2 ? .large : .kib4))
        map.move(to: tables.last!.address, tables.last!.page)
        XCTAssertEqual(map.tablePage, tables.last!.address)
        XCTAssertEqual(map.pointee.bucketMask + 1, tables.last!.page.size / 8)
      }
      // Pages come to 300 or so.
      let index = random.below(Self.pageCount)
      if model.remove(index) != nil {
        map.remove(SlabPointer.around(address(index), pageMask: PageSize.kib4.mask))
      } else {
        map.insert(slab(index))
        model.insert(index)
      }
      let other = random.below(Self.pageCount)
      guard (map.find(address(other) + 77) != nil) == model.contains(other), map.pointee.count == UInt(model.count)
      else {
        return XCTFail("step \(step), page \(other); \(SeededRandom.hint)")
      }
      // Of stretches of any length, often without a page.
      let length = 1 << random.below(10)
      let isAny = (other..<other + length).contains { model.contains($0) }
      if map.holdsAny(address(other), UInt(length) * 4096) != isAny {
        return XCTFail("step \(step), \(length) pages from \(other); \(SeededRandom.hint)")
      }
      // The probe may miss what is found, and never finds what is not there.
      if let found = map.probe(address(other)), found != map.find(address(other)) {
        return XCTFail("\(SeededRandom.hint)")
      }
    }
    XCTAssertEqual(Set(contents.map { Int(($0.pageAddress - address(0)) / 4096) }), model, SeededRandom.hint)
    withExtendedLifetime(tables) {}
  }

  func testWithAsManyBucketsAsPagesTheProbeHits() {
    let table = TestPage(.kib4)
    map.move(to: table.address, .kib4)
    for index in 0..<512 { map.insert(slab(index)) }
    for index in 0..<512 { XCTAssertNotNil(map.probe(address(index)), "page \(index)") }
    withExtendedLifetime(table) {}
  }

  func testTheFirstBucketsAreNoTable() {
    XCTAssertEqual(map.buckets, buckets)
    XCTAssertNil(map.tablePage)
  }

  func testAMapWithoutBucketsHoldsNothing() {
    map.initialize(to: PageMap(withoutBucketsFor: .kib4))
    for address in [0, 1, 4095, 4096, address(0), UInt.max - 4095, UInt.max] {
      XCTAssertNil(map.find(address))
      XCTAssertNil(map.probe(address))
      XCTAssertFalse(map.holdsAny(address & ~4095, 4096))
    }
    XCTAssertEqual(contents, [])
    XCTAssertNil(map.tablePage)
  }
}
