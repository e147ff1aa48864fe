import CSlabmalloc
import XCTest

@testable import SlabMalloc

/// The storage sizes that the header gives hold for each kind of zone and cache.
final class StorageSizeTests: XCTestCase {
  private func options(threads: UInt32, cpuCount: UInt32, flags: UInt64) -> slm_options {
    var options = slm_options()
    options.struct_size = UInt32(MemoryLayout<slm_options>.size)
    options.threads = threads
    options.cpu_count = cpuCount
    options.flags = flags
    return options
  }

  func testTheConstantsHoldForEachProfileAndNumberOfThreads() {
    for flags in [0, SLM_FAST, SLM_HARDENED] {
      for (threads, cpuCount) in [(SLM_ONE_THREAD, 0), (SLM_ANY_THREAD, 0)] + (1...64).map({ (SLM_PER_CPU, $0) }) {
        var options = options(threads: threads, cpuCount: UInt32(cpuCount), flags: flags)
        let (zone, cache) = (slm_zone_storage_size(&options), slm_cache_storage_size(&options))
        XCTAssertGreaterThan(zone, 0)
        XCTAssertGreaterThan(cache, 0)
        let zoneLimit = Int(SLM_ZONE_STORAGE_SIZE) + cpuCount * (Int(SLM_ZONE_STORAGE_SIZE) + 64)
        XCTAssertLessThanOrEqual(zone, zoneLimit, "\(cpuCount) CPUs, flags \(flags)")
        let cacheLimit = Int(SLM_CACHE_STORAGE_SIZE) + cpuCount * (Int(SLM_CACHE_STORAGE_SIZE) + 64)
        XCTAssertLessThanOrEqual(cache, cacheLimit, "\(cpuCount) CPUs, flags \(flags)")
      }
    }
    // The policy comes last.
    let policy = MemoryLayout<Policy>.stride
    XCTAssertEqual(slm_zone_storage_size(nil), ZonePointer.storageSize(bins: SizeClass.count, .checked) + policy)
    XCTAssertEqual(slm_cache_storage_size(nil), ZonePointer.storageSize(bins: 1, .checked) + policy)
  }

  func testOptionsThatAreInvalidHaveNoSize() {
    let invalid = [
      options(threads: 3, cpuCount: 0, flags: 0), options(threads: SLM_ONE_THREAD, cpuCount: 1, flags: 0),
      options(threads: SLM_ANY_THREAD, cpuCount: 1, flags: 0), options(threads: SLM_PER_CPU, cpuCount: 0, flags: 0),
      options(threads: SLM_PER_CPU, cpuCount: 65536, flags: 0), options(threads: 0, cpuCount: 0, flags: 3),
      options(threads: 0, cpuCount: 0, flags: 4),
    ]
    for var options in invalid {
      XCTAssertEqual(slm_zone_storage_size(&options), 0)
      XCTAssertEqual(slm_cache_storage_size(&options), 0)
    }
    for change: (inout slm_options) -> Void in [
      { ($0.soft_limit, $0.hard_limit) = (2, 1) }, { $0.struct_size -= 1 }, { $0.page_size = 8192 },
      { $0.struct_size = 0 }, { $0.struct_size = .max },
    ] {
      var options = options(threads: 0, cpuCount: 0, flags: 0)
      change(&options)
      XCTAssertEqual(slm_zone_storage_size(&options), 0)
    }
  }

  /// A caller of a newer header may say what this library does not know only if it says nothing.
  func testOptionsOfANewerHeader() {
    let size = MemoryLayout<slm_options>.size
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size + 16, alignment: 16)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size + 16)
    let options = memory.assumingMemoryBound(to: slm_options.self)
    options.pointee.struct_size = UInt32(size + 16)
    XCTAssertEqual(slm_zone_storage_size(options), slm_zone_storage_size(nil))
    for place in [size, size + 15] {
      memory.storeBytes(of: 1, toByteOffset: place, as: UInt8.self)
      XCTAssertEqual(slm_zone_storage_size(options), 0)
      memory.storeBytes(of: 0, toByteOffset: place, as: UInt8.self)
    }
    memory.storeBytes(of: 1, toByteOffset: size, as: UInt8.self)
    options.pointee.struct_size = UInt32(size)
    XCTAssertEqual(slm_zone_storage_size(options), slm_zone_storage_size(nil))
  }
}
