import CSlabPort
import XCTest

@testable import SlabMalloc

/// A process of its own with a faulty system below it, and heaps of which each stands for a thread.
final class HeapWorld {
  let pool: HeapPoolPointer
  var runs: RunPoolPointer { pool.runs }
  /// The heaps that somebody has.
  private(set) var heaps: [HeapPointer] = []
  private let storage: UnsafeMutableRawPointer
  nonisolated(unsafe) private static var reports: [Status] = []
  /// What else the handler does, once.
  nonisolated(unsafe) static var onReport: () -> Void = {}

  init(
    pageSize: Int = 4096, reserve: UInt = 16 << 30, purgeDelay: UInt32 = 100, retain: UInt = 64 << 20,
    profile: Profile = .checked, hugePages: HugePages.Mode = .auto, hugeSystem: HugePages.System = .none,
    fails: @escaping (HeapSystem.Call, Int, Int) -> Bool = { _, _, _ in false }
  ) {
    storage = .allocate(byteCount: MemoryLayout<HeapPool>.stride, alignment: 64)
    storage.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<HeapPool>.stride)
    pool = storage.assumingMemoryBound(to: HeapPool.self)
    HeapSystem.current = HeapSystem(pageSize: pageSize)
    HeapSystem.current.fails = fails
    Self.reports = []
    HeapSystem.current.hugePages = hugeSystem
    let options = RunPool.Options(
      purgeDelay: purgeDelay, retain: retain, addressSpace: reserve, profile: profile, hugePages: hugePages)
    pool.locked {
      pool.initialize(HeapSystem.current.memory, options) { _, _, kind, _ in
        HeapWorld.reports.append(kind)
        let work = HeapWorld.onReport
        HeapWorld.onReport = {}
        work()
      }
    }
  }

  deinit {
    HeapSystem.current.end()
    storage.deallocate()
  }

  /// What was told of since the last look.
  var reports: [Status] {
    defer { Self.reports = [] }
    return Self.reports
  }

  /// Bytes of the pages in use, dirty, and clean.
  var pages: (held: UInt, dirty: UInt, clean: UInt) { pool.locked { runs.pages } }

  // MARK: Heaps

  func takeHeap() -> HeapPointer? {
    guard let heap = pool.takeHeap() else { return nil }
    heaps.append(heap)
    return heap
  }

  /// An explicit heap, and its part that the calling thread has.
  func takeExplicit() -> HeapPointer? {
    guard let explicit = pool.makeHeap() else { return nil }
    guard explicit.withPart(orElse: { 0 }, { $0.address }) != 0, let part = explicit.part else {
      XCTAssertEqual(explicit.destroy(), 0)
      return nil
    }
    heaps.append(part)
    return part
  }

  /// Where a thread's heap is needed, and there is memory for it.
  func thread() -> HeapPointer { takeHeap()! }
  func explicit() -> HeapPointer { takeExplicit()! }

  /// What a thread does when it ends.
  func end(_ heap: HeapPointer) {
    heaps.removeAll { $0 == heap }
    pool.takeBack(heap)
  }

  /// What slm_heap_destroy does. Returns how many objects there were.
  func destroy(_ heap: HeapPointer) -> UInt {
    let explicit = heap.own
    heaps.removeAll { $0.pointee.explicit == explicit }
    return explicit.destroy()!
  }

  // MARK: Objects

  /// Addresses of so many objects.
  func allocate(_ count: Int, of size: UInt, from heap: HeapPointer) -> [UInt] {
    (0..<count).map { _ in UInt(bitPattern: heap.allocate(size)) }
  }

  @discardableResult func free(_ address: UInt, by heap: HeapPointer) -> Status { heap.deallocate(address, pool) }

  func free(_ addresses: some Sequence<UInt>, by heap: HeapPointer) {
    for address in addresses { XCTAssertEqual(free(address, by: heap), .ok) }
  }

  func run(_ address: UInt) -> RunPointer { runs.run(around: address)! }

  /// A bin's objects to a slab.
  static func slots(_ size: UInt) -> Int {
    let slotSize = SizeClass.slotSize(SizeClass.index(size: size)!)
    return Int(HeapBin.pages(slotSize) << PageRun.pageShift / slotSize)
  }

  /// Objects that the stack of ready slots holds.
  static func ready(_ size: UInt) -> Int { Int(HeapBin.readyLimit(SizeClass.slotSize(SizeClass.index(size: size)!))) }

  func bin(_ heap: HeapPointer, _ size: UInt) -> HeapBinPointer { heap.bin(SizeClass.index(size: size)!) }

  // MARK: Checks

  /// Whether every invariant holds.
  @discardableResult func check(
    _ what: @autoclosure () -> String = "", file: StaticString = #filePath, line: UInt = #line
  ) -> Bool {
    guard let text = violation() ?? HeapSystem.current.errors.first else { return true }
    XCTFail("\(what()) \(text)", file: file, line: line)
    return false
  }

  func violation() -> String? { HeapInvariants.violation(pool, heaps: heaps) }

  /// Every heap's end, after which nothing is used: the ledger shows it, and all can be purged.
  func finish(file: StaticString = #filePath, line: UInt = #line) {
    for heap in heaps {
      _ = heap.collectRemote()
      if heap.pointee.explicit == nil { end(heap) } else if heap.isInitialized { _ = destroy(heap) }
    }
    check("at the end:", file: file, line: line)
    let counts = pool.pointee.counts
    XCTAssertEqual(counts.slabs, 0, "bytes of slabs", file: file, line: line)
    XCTAssertEqual(counts.large, 0, "bytes of large objects", file: file, line: line)
    XCTAssertEqual(counts.largeLive, 0, "large objects", file: file, line: line)
    XCTAssertEqual(counts.heaps, 0, "heaps", file: file, line: line)
    HeapSystem.current.fails = { _, _, _ in false }
    _ = pool.purgeAll()
    XCTAssertEqual(runs.dirtyBytes, 0, "dirty", file: file, line: line)
    let metadata = runs.pointee.metadata.pageCount << PageRun.pageShift
    XCTAssertEqual(pages.clean + metadata, pages.held, "clean", file: file, line: line)
    check("purged:", file: file, line: line)
    XCTAssertEqual(reports, [], "misuse", file: file, line: line)
    XCTAssertEqual(runs.pointee.lone.bytes, 0, "lone runs", file: file, line: line)
    let reserves = (0..<runs.pointee.segmentCount).count { runs.pointee.segments[$0] != nil }
    XCTAssertEqual(HeapSystem.current.reserved, reserves + HeapSystem.current.lost, "reserves", file: file, line: line)
  }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// The explicit heap of which this is a part.
  var own: ExplicitHeapPointer { pointee.explicit! }
}
