import CSlabPort
import XCTest

@testable import SlabMalloc

/// A process of its own with a faulty system below it, and heaps of which each stands for a thread.
final class HeapWorld {
  let process: ProcessHeapPointer
  /// The heaps that somebody has.
  private(set) var heaps: [HeapPointer] = []
  private let storage: UnsafeMutableRawPointer
  nonisolated(unsafe) private static var reports: [Misuse] = []
  /// What else the handler does, once.
  nonisolated(unsafe) static var onReport: () -> Void = {}

  init(
    pageSize: Int = 4096, reserve: UInt = 16 << 30, purgeDelay: UInt32 = 100, retain: UInt = 64 << 20,
    profile: Profile = .checked,
    fails: @escaping (HeapSystem.Call, Int, Int) -> Bool = { _, _, _ in false }
  ) {
    storage = .allocate(byteCount: MemoryLayout<ProcessHeap>.stride, alignment: 64)
    storage.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<ProcessHeap>.stride)
    process = storage.assumingMemoryBound(to: ProcessHeap.self)
    HeapSystem.current = HeapSystem(pageSize: pageSize)
    HeapSystem.current.fails = fails
    Self.reports = []
    let options = ProcessHeap.Options(
      purgeDelay: purgeDelay, retain: retain, reserve: reserve, printsStatistics: false,
      profile: profile)
    process.locked { process.initialize(HeapSystem.current.memory, options) }
    process.pointee.misuse = MisuseHandler(
      function: {
        HeapWorld.reports.append($1.assumingMemoryBound(to: Misuse.self).pointee)
        let work = HeapWorld.onReport
        HeapWorld.onReport = {}
        work()
      }, context: nil)
  }

  deinit {
    HeapSystem.current.end()
    storage.deallocate()
  }

  /// What was told of since the last look.
  var reports: [Status] {
    defer { Self.reports = [] }
    return Self.reports.map(\.kind)
  }

  // MARK: Heaps

  func takeHeap(isExplicit: Bool = false) -> HeapPointer? {
    guard let heap = process.takeHeap(isExplicit: isExplicit) else { return nil }
    heaps.append(heap)
    return heap
  }

  /// Where a thread's heap is needed, and there is memory for it.
  func thread() -> HeapPointer { takeHeap()! }
  func explicit() -> HeapPointer { takeHeap(isExplicit: true)! }

  /// What a thread does when it ends.
  func end(_ heap: HeapPointer) {
    heaps.removeAll { $0 == heap }
    process.giveBack(heap)
  }

  /// What slm_heap_destroy does. Returns how many objects there were.
  func destroy(_ heap: HeapPointer) -> UInt {
    heaps.removeAll { $0 == heap }
    return process.destroy(heap)
  }

  // MARK: Objects

  /// Addresses of so many objects.
  func allocate(_ count: Int, of size: UInt, from heap: HeapPointer) -> [UInt] {
    (0..<count).map { _ in UInt(bitPattern: heap.allocate(size)) }
  }

  @discardableResult func free(_ address: UInt, by heap: HeapPointer) -> Status { heap.deallocate(address, process) }

  func free(_ addresses: some Sequence<UInt>, by heap: HeapPointer) {
    for address in addresses { XCTAssertEqual(free(address, by: heap), .ok) }
  }

  func run(_ address: UInt) -> RunPointer { process.run(around: address)! }

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

  func violation() -> String? { HeapInvariants.violation(process, heaps: heaps) }

  /// Every heap's end, after which nothing is used: the ledger shows it, and all can be purged.
  func finish(file: StaticString = #filePath, line: UInt = #line) {
    for heap in heaps {
      _ = heap.collectRemote()
      if heap.pointee.isExplicit { _ = destroy(heap) } else { end(heap) }
    }
    check("at the end:", file: file, line: line)
    let counts = process.pointee.counts
    XCTAssertEqual(counts.slabs, 0, "bytes of slabs", file: file, line: line)
    XCTAssertEqual(counts.large, 0, "bytes of large objects", file: file, line: line)
    XCTAssertEqual(counts.largeLive, 0, "large objects", file: file, line: line)
    XCTAssertEqual(counts.heaps, 0, "heaps", file: file, line: line)
    HeapSystem.current.fails = { _, _, _ in false }
    _ = process.purgeAll()
    XCTAssertEqual(process.pointee.dirtyBytes, 0, "dirty", file: file, line: line)
    let metadata = process.pointee.metadata.pageCount << PageRun.pageShift
    XCTAssertEqual(process.pages.clean + metadata, process.pages.held, "clean", file: file, line: line)
    check("purged:", file: file, line: line)
    XCTAssertEqual(reports, [], "misuse", file: file, line: line)
    let reserves = (0..<process.pointee.reserveCount).count { process.pointee.reserves[$0] != nil }
    XCTAssertEqual(HeapSystem.current.reserved, reserves + HeapSystem.current.lost, "reserves", file: file, line: line)
  }
}
