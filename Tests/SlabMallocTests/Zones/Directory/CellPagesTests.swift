import XCTest

@testable import SlabMalloc

/// Pages that are divided into cells.
final class CellPagesTests: XCTestCase {
  private func add(_ pages: inout CellPages, _ page: TestPage, cell: UInt) {
    pages.add(page.address, bytes: page.page.size, cell: cell)
  }

  func testCellsDoNotOverlapAndFillTheirPage() {
    for page in PageSize.base {
      for cell: UInt in [56, 64, 512] {
        var pages = CellPages()
        XCTAssertNil(pages.take())
        let test = TestPage(page)
        add(&pages, test, cell: cell)
        var cells: [UInt] = []
        while let next = pages.take() { cells.append(next) }
        cells.sort()
        XCTAssertEqual(Set(cells).count, cells.count)
        XCTAssertGreaterThanOrEqual(cells[0], test.address + UInt(MemoryLayout<CellPage>.size))
        XCTAssertEqual(cells.last, test.address + page.size - cell)
        XCTAssertTrue(zip(cells, cells.dropFirst()).allSatisfy { $1 - $0 >= cell })
        XCTAssertGreaterThanOrEqual(UInt(cells.count + 1) * cell + UInt(MemoryLayout<CellPage>.size), page.size)
        if cell % 64 == 0 { XCTAssertTrue(cells.allSatisfy { $0 % 64 == 0 }) }
      }
    }
  }

  func testAgainstASet() {
    let all = (0..<6).map { _ in TestPage(.kib4) }
    var pages = CellPages()
    var random = SeededRandom()
    var inside: Set<UInt> = []
    var out = all.map(\.address)
    var used: [UInt] = []
    for step in 0..<20_000 {
      switch random.below(10) {
      case 0 where !out.isEmpty:
        let page = out.removeLast()
        pages.add(page, bytes: 4096, cell: 512)
        inside.insert(page)
      case 1:
        let unused = inside.filter { page in !used.contains { $0 & ~4095 == page } }
        let taken = pages.takeUnused()
        XCTAssertEqual(taken == nil, unused.isEmpty, "step \(step); \(SeededRandom.hint)")
        guard let taken else { continue }
        XCTAssertTrue(unused.contains(taken), "step \(step); \(SeededRandom.hint)")
        inside.remove(taken)
        out.append(taken)
      case 2..<6 where !used.isEmpty:
        used.swapAt(random.below(used.count), used.count - 1)
        pages.giveBack(used.removeLast(), pageMask: 4095)
      default:
        let cell = pages.take()
        XCTAssertEqual(cell == nil, used.count == inside.count * 7, "step \(step); \(SeededRandom.hint)")
        guard let cell else { continue }
        XCTAssertTrue(inside.contains(cell & ~4095) && !used.contains(cell), "step \(step); \(SeededRandom.hint)")
        used.append(cell)
        // A user writes all over it.
        UnsafeMutablePointer<UInt>(bitPattern: cell)!.initialize(repeating: .max, count: 64)
      }
    }
    var last: Set<UInt> = []
    while let page = pages.takeAny() { last.insert(page) }
    XCTAssertEqual(last, inside)
    withExtendedLifetime(all) {}
  }
}
