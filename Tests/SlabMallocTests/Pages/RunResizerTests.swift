import CSlabmalloc
import XCTest

@testable import SlabMalloc

/// Runs that are resized in place, by providers that passed through C.
final class RunResizerTests: XCTestCase {
  func testAProviderKeepsItsFunctionsThroughC() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 << 20, alignment: 1 << 21)
    defer { memory.deallocate() }
    var status = Status.ok
    let region = slm_region_init(memory, 4 << 20, 4096, &status)!
    for c in [slm_region_provider(region), slm_mmap_provider()] {
      let provider = PageProvider(c)!
      XCTAssertTrue(provider.givesRuns)
      XCTAssertNotNil(provider.resizeRun)
      XCTAssertTrue(PageProvider(provider.c)!.givesRuns)
    }
    // A stranger's functions have no such function, and an older header has no runs.
    var c = slm_region_provider(region)
    c.allocate_run = { _, _, _ in nil }
    XCTAssertNil(PageProvider(c)!.resizeRun)
    XCTAssertTrue(PageProvider(c)!.givesRuns)
    c.struct_size -= UInt32(2 * MemoryLayout<Int>.size)
    XCTAssertFalse(PageProvider(c)!.givesRuns)
    XCTAssertNil(PageProvider(c)!.releaseRun)
    XCTAssertFalse(PageProvider.none.givesRuns)
    c = slm_region_provider(region)
    c.allocate_run = nil
    XCTAssertNil(PageProvider(c), "one without the other")
  }

  func testARegionResizesInPlace() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 << 20, alignment: 1 << 21)
    defer { memory.deallocate() }
    let region = slm_region_init(memory, 4 << 20, 4096, nil)!
    resize(PageProvider(slm_region_provider(region))!, unit: 4096)
    XCTAssertTrue(RegionPointer(region).isWhole)
  }

  func testMmapResizesInPlace() {
    let before = MmapProviderPointer.shared.pointee.ledger.pagesHeld
    resize(PageProvider(slm_mmap_provider())!, unit: 65536)
    // Runs with mappings of their own.
    resize(PageProvider(slm_mmap_provider())!, unit: 2 << 20)
    XCTAssertEqual(MmapProviderPointer.shared.pointee.ledger.pagesHeld, before)
  }

  /// A run of four units becomes one of seven, of five and so on, and is written meanwhile.
  private func resize(_ provider: PageProvider, unit: Int) {
    let (context, resize) = (provider.context, provider.resizeRun!)
    let run = provider.allocateRun!(context, 4 * unit, unit)!
    var size = 4
    run.initializeMemory(as: UInt8.self, repeating: 7, count: size * unit)
    for wanted in [7, 7, 5, 1, 2, 6] {
      XCTAssertTrue(resize(context, run, size * unit, wanted * unit), "\(size) to \(wanted)")
      if wanted > size {
        (run + size * unit).initializeMemory(as: UInt8.self, repeating: 7, count: (wanted - size) * unit)
      }
      size = wanted
      for page in 0..<size { XCTAssertEqual(run.load(fromByteOffset: page * unit, as: UInt8.self), 7) }
    }
    let bad = [
      (size * unit, 0), (size * unit, unit + 1), (size * unit + unit, unit), (0, unit), (size * unit, Int.min),
    ]
    for (old, new) in bad { XCTAssertFalse(resize(context, run, old, new), "\(old) to \(new)") }
    XCTAssertFalse(resize(context, run + 1, unit, 2 * unit))
    XCTAssertFalse(resize(context, run + 8 * unit, unit, 2 * unit), "nothing was taken there")
    XCTAssertFalse(resize(context, run, size * unit, 1 << 40), "there is no room")
    // The pages behind it may be another's.
    let next = provider.allocateRun!(context, unit, unit)!
    if next == run + size * unit { XCTAssertFalse(resize(context, run, size * unit, (size + 1) * unit)) }
    provider.releaseRun!(context, next, unit)
    XCTAssertTrue(resize(context, run, size * unit, (size + 1) * unit))
    size += 1
    provider.releaseRun!(context, run, size * unit)
  }
}
