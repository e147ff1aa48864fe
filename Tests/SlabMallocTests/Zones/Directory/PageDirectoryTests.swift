import CSlabPort
import Dispatch
import Synchronization
import XCTest

@testable import SlabMalloc

/// A page directory against a dictionary, with pages wherever a provider may have them.
final class PageDirectoryTests: XCTestCase {
  private let base: UInt = 1 << 40

  private struct Slab {
    var start: UInt
    var pages: UInt
  }

  /// Where the slab with a number lies: every so many pages, or anywhere.
  private func start(_ index: Int, stride: UInt, _ page: PageSize) -> UInt {
    guard stride != 0 else {
      let spread = UInt(truncatingIfNeeded: UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
      return base + (spread >> 24) / 8 * 8 * page.size
    }
    return base + UInt(index) * stride * page.size
  }

  private func run(_ page: PageSize, stride: UInt, bins: UInt, slabs: Int, steps: Int) {
    let test = TestDirectory(page, bins: bins)
    let directory = test.directory
    var random = SeededRandom(stream: UInt64(stride))
    var live: [Int: UInt] = [:]
    var entries = 0
    let most = min(stride == 0 ? 8 : stride, 5)
    func name(_ text: String) -> String { "pages of \(page.bytes), stride \(stride): \(text); \(SeededRandom.hint)" }
    for step in 0..<steps {
      // Comes up to almost all, and goes down to none.
      let index = random.below(slabs)
      let start = start(index, stride: stride, page)
      if let pages = live[index] {
        if step < steps / 3, random.below(8) != 0 { continue }
        test.remove(start, pages: pages)
        live[index] = nil
        entries -= Int(pages)
        if random.below(4) == 0 { _ = test.shrink() }
      } else if step < steps * 2 / 3 {
        let pages = 1 + UInt(random.below(Int(most)))
        test.enter(start, pages: pages)
        live[index] = pages
        entries += Int(pages)
      }
      let other = random.below(slabs)
      let (place, pages) = (self.start(other, stride: stride, page), live[other])
      let inside = place + UInt(random.below(Int((pages ?? 1) * page.size)))
      let expected = pages.map { SlabPointer.ending(with: place + $0 * page.size - 1) }
      guard directory.find(inside) == expected, directory.slab(around: inside) == expected,
        directory.view.probe(inside) == expected, Int(directory.pointee.count) == entries + test.tableCount
      else { return XCTFail(name("step \(step), slab \(other)")) }
      if step % 4000 == 0, let violation = directory.violation() { return XCTFail(name("\(violation.text)")) }
    }
    for (index, pages) in live { test.remove(start(index, stride: stride, page), pages: pages) }
    while test.shrink() {}
    XCTAssertNil(directory.violation(), name("at the end"))
    XCTAssertEqual(test.tableCount, 0, name("tables"))
    XCTAssertEqual(directory.pointee.count, 0, name("entries"))
  }

  func testPagesAtEachDistance() {
    for page in PageSize.base {
      for stride: UInt in [0, 1, 4, 16, 64, 512, 4096] {
        run(page, stride: stride, bins: SizeClass.count, slabs: 3000, steps: 40_000)
      }
    }
  }

  func testTheDirectoryOfACache() {
    for stride: UInt in [0, 1, 512] { run(.kib4, stride: stride, bins: 1, slabs: 2000, steps: 20_000) }
  }

  /// The entries of a directory that only grows fill its tables, wherever the pages lie.
  func testTablesAreFewForManyPages() {
    for stride: UInt in [0, 1, 4, 16, 512] {
      let test = TestDirectory(.kib4)
      for index in 0..<20_000 { test.enter(start(index, stride: stride, .kib4), pages: 1) }
      // A leaf splits at 40 of 63 entries. Right after all have split they have 20 each.
      XCTAssertLessThan(test.tableCount, 20_000 / 16, "stride \(stride)")
      XCTAssertGreaterThan(test.tableCount, 20_000 / 40, "stride \(stride)")
      XCTAssertNil(test.directory.violation())
    }
  }

  func testALookupTakesFewProbes() {
    for stride: UInt in [0, 1, 4, 16, 64, 512] {
      let test = TestDirectory(.kib4)
      for index in 0..<20_000 { test.enter(start(index, stride: stride, .kib4), pages: 1) }
      var probes = 0
      for index in 0..<20_000 {
        let key = test.directory.key(of: start(index, stride: stride, .kib4))
        let hash = DirectoryView.hash(key)
        let place = test.directory.place(of: key, hash, in: test.directory.leaf(of: hash).leaf)!
        probes += 1 + Int((place &- DirectoryView.place(hash)) & (DirectoryView.tableCount - 1))
      }
      XCTAssertLessThan(Double(probes) / 20_000, 2, "stride \(stride)")
    }
  }

  func testNothingIsFoundInAnEmptyOneOrAnEndedOne() {
    let test = TestDirectory(.kib4)
    func checkNothing() {
      for address: UInt in [0, 1, 4095, 4096, 1 << 21, base, UInt.max - 4095, UInt.max] {
        XCTAssertNil(test.directory.find(address))
        XCTAssertNil(test.directory.view.probe(address))
      }
    }
    checkNothing()
    test.enter(base, pages: 1)
    XCTAssertNotNil(test.directory.find(base))
    test.directory.end()
    checkNothing()
  }

  func testZeroFilledMemoryIsAnEmptyView() {
    let view = DirectoryViewPointer.allocate(capacity: 1)
    defer { view.deallocate() }
    UnsafeMutableRawPointer(view).initializeMemory(
      as: UInt8.self, repeating: 0, count: MemoryLayout<DirectoryView>.size)
    for address: UInt in [0, 1, 4096, UInt.max] { XCTAssertNil(view.probe(address)) }
  }

  func testAPageIsFoundFromAllItsAddressesAndNoOther() {
    for page in PageSize.base {
      let test = TestDirectory(page)
      let start = base + 64 * page.size
      test.enter(start, pages: 3)
      let slab = SlabPointer.ending(with: start + 3 * page.size - 1)
      for offset in stride(from: UInt(0), to: 3 * page.size, by: 1001) {
        XCTAssertEqual(test.directory.find(start + offset), slab)
        XCTAssertTrue(test.directory.holds(start + offset))
      }
      for address in [start - 1, start + 3 * page.size] {
        XCTAssertNil(test.directory.find(address))
        XCTAssertFalse(test.directory.holds(address))
      }
      XCTAssertFalse(test.directory.holdsAny(start - page.size, page.size))
      XCTAssertTrue(test.directory.holdsAny(start - page.size, 2 * page.size))
      XCTAssertTrue(test.directory.holdsAny(start + 2 * page.size, page.size))
      XCTAssertFalse(test.directory.holdsAny(start + 3 * page.size, 60 * page.size))
    }
  }

  /// A large page has one entry, and is found from each of its base pages.
  func testALargePageHasOneEntry() {
    for page in PageSize.base {
      let test = TestDirectory(page)
      let (large, small) = (base, base + PageSize.large.size)
      XCTAssertTrue(test.directory.enter(large))
      XCTAssertNil(test.directory.find(large + 100_000), "it comes in")
      test.directory.setDistance(large, PageSize.large.mask >> UInt(page.shift))
      test.enter(small, pages: 1)
      XCTAssertEqual(test.directory.pointee.count, 2)
      for offset: UInt in [0, 1, page.size, 100_000, PageSize.large.mask] {
        XCTAssertEqual(test.directory.find(large + offset), SlabPointer.ending(with: large | PageSize.large.mask))
        XCTAssertTrue(test.directory.holdsAny((large + offset) & ~page.mask, page.size))
      }
      for address in [large - 1, small + page.size, small + PageSize.large.mask] {
        XCTAssertNil(test.directory.find(address))
      }
      XCTAssertTrue(test.directory.holdsAny(large - PageSize.large.size, 2 * PageSize.large.size))
      XCTAssertNil(test.directory.violation())
      test.directory.remove(large)
      XCTAssertNil(test.directory.find(large + 100_000))
    }
  }

  /// A page that comes in, or that the directory itself has, leads to no slab but is held.
  func testAPageWithoutASlabIsHeld() {
    let test = TestDirectory(.kib4)
    XCTAssertTrue(test.directory.enter(base))
    XCTAssertTrue(test.directory.enterTable(base + 4096))
    for address in [base, base + 4096] {
      XCTAssertNil(test.directory.find(address))
      XCTAssertTrue(test.directory.holds(address))
    }
    XCTAssertEqual(test.directory.entriesWithoutSlab, 2)
  }

  /// Entries of another leaf's page come and go: a lookup always finds the one that stays, and never one that is gone.
  func testALookupSeesNoHalfOfAChange() {
    let test = TestDirectory(.kib4)
    nonisolated(unsafe) let directory = test.directory
    let (stays, moves) = (base, base + (1 << 21))
    test.enter(stays, pages: 1)
    nonisolated(unsafe) let slab = SlabPointer.ending(with: stays + 4095)
    let isOver = Atomic<Bool>(false)
    let misses = Atomic<Int>(0)
    onThreads(2) { thread in
      if thread == 0 {
        for change in 0..<100_000 {
          // A lookup that began before this change should still be going on.
          for _ in 0..<change % 128 { slm_port_pause() }
          directory.change {
            // The page's entry is gone for a while, and the page of another one leads to its slab.
            directory.remove(stays)
            _ = directory.enter(moves)
            directory.setDistance(moves, 1)
            directory.remove(moves)
            _ = directory.enter(stays)
            directory.setDistance(stays, 0)
          }
        }
        isOver.store(true, ordering: .releasing)
      } else {
        while !isOver.load(ordering: .acquiring) {
          if directory.slab(around: stays) != slab { misses.wrappingAdd(1, ordering: .relaxed) }
          if directory.slab(around: moves) != nil { misses.wrappingAdd(1, ordering: .relaxed) }
        }
      }
    }
    XCTAssertEqual(misses.load(ordering: .relaxed), 0)
  }

  /// While a directory is being changed, a lookup waits.
  func testALookupWaitsForTheEndOfAChange() {
    let test = TestDirectory(.kib4)
    nonisolated(unsafe) let directory = test.directory
    let base = base
    test.enter(base, pages: 1)
    let (isChanging, isFound) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let found = Atomic<Bool>(false)
    onThreads(2) { thread in
      if thread == 0 {
        directory.change {
          directory.remove(base)
          isChanging.signal()
          _ = isFound.wait(timeout: .now() + .milliseconds(100))
          _ = directory.enter(base)
          directory.setDistance(base, 0)
        }
      } else {
        isChanging.wait()
        found.store(directory.slab(around: base) == SlabPointer.ending(with: base + 4095), ordering: .relaxed)
        isFound.signal()
      }
    }
    XCTAssertTrue(found.load(ordering: .relaxed))
  }

  func testAChangeHasAVersionOfItsOwn() {
    let test = TestDirectory(.kib4)
    let before = test.directory.pointee.version.load(ordering: .relaxed)
    test.directory.change {
      XCTAssertEqual(test.directory.pointee.version.load(ordering: .relaxed), before + 1)
      test.enter(base, pages: 1)
    }
    XCTAssertEqual(test.directory.pointee.version.load(ordering: .relaxed), before + 2)
    XCTAssertNotNil(test.directory.slab(around: base))
  }
}
