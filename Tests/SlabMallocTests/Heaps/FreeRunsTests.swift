import XCTest

@testable import SlabMalloc

/// Lists of free runs by size, on descriptors alone.
final class FreeRunsTests: XCTestCase {
  /// Descriptors without pages.
  private func withRuns(_ pages: [UInt32], _ body: ([RunPointer], UnsafeMutablePointer<FreeRuns>) -> Void) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: pages.count * PageRun.stride, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: pages.count * PageRun.stride)
    let runs = pages.indices.map { (memory + $0 * PageRun.stride).assumingMemoryBound(to: PageRun.self) }
    for (run, count) in zip(runs, pages) { run.pointee.pages = count }
    var free = FreeRuns.none
    body(runs, &free)
  }

  func testListsAreInTheOrderOfSizes() {
    var before = -1
    for pages in (1...5000).map({ UInt($0) }) + (13..<28).map({ 1 << $0 }) {
      let list = FreeRuns.list(pages)
      XCTAssertTrue(list == before || list == before + 1, "\(pages) pages")
      if pages <= 16 { XCTAssertEqual(list, Int(pages) - 1) }
      before = list
    }
    XCTAssertLessThan(before, 40)
  }

  func testARunIsFoundThatIsLargeEnough() {
    withRuns([1, 2, 2, 16, 17, 31, 32, 100, 5000]) { runs, free in
      XCTAssertNil(free.pointee.find(1))
      for run in runs { free.pointee.add(run) }
      XCTAssertEqual(free.pointee.pages, 5201)
      let sizes = runs.map { UInt($0.pointee.pages) }
      for pages: UInt in 1...5000 {
        let found = free.pointee.find(pages).map { UInt($0.pointee.pages) }
        XCTAssertNotNil(found, "\(pages) pages")
        // Of the same list, or else of the next that has one.
        let fitting = sizes.filter { $0 >= pages }
        XCTAssertEqual(FreeRuns.list(found ?? 0), FreeRuns.list(fitting.min()!), "\(pages) pages")
        XCTAssertTrue(fitting.contains(found ?? 0), "\(pages) pages")
      }
      XCTAssertNil(free.pointee.find(5001))
      XCTAssertEqual(free.pointee.largest?.pointee.pages, 5000)
      for run in runs { free.pointee.remove(run) }
      XCTAssertEqual(free.pointee.pages, 0)
      XCTAssertEqual(free.pointee.notEmpty, 0)
      XCTAssertNil(free.pointee.largest)
    }
  }

  func testTheNewestOfASizeComesFirst() {
    withRuns([3, 3, 3]) { runs, free in
      for run in runs { free.pointee.add(run) }
      XCTAssertEqual(free.pointee.find(3), runs[2])
      free.pointee.remove(runs[2])
      XCTAssertEqual(free.pointee.find(3), runs[1])
    }
  }

  /// What no reserve can have is not found either.
  func testNothingIsLargeEnoughForMost() {
    withRuns([1]) { runs, free in
      free.pointee.add(runs[0])
      for shift in 1..<31 { XCTAssertNil(free.pointee.find(1 << shift), "2^\(shift) pages") }
    }
  }

  func testAnyRunCanBeRemovedFromAList() {
    for removed in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
      withRuns([1, 1, 1]) { runs, _ in
        var list = LinkedList<PageRun>()
        list.append(runs[1])
        list.append(runs[2])
        list.prepend(runs[0])
        var left = [0, 1, 2]
        for index in removed {
          var found: [Int] = []
          XCTAssertNil(
            list.walk { run in
              found.append(runs.firstIndex(of: run)!)
              return nil
            })
          XCTAssertEqual(found, left)
          list.remove(runs[index])
          left.removeAll { $0 == index }
        }
        XCTAssertNil(list.first)
        XCTAssertNil(list.removeFirst())
      }
    }
  }
}
