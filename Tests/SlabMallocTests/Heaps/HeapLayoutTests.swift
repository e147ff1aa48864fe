import CSlabPort
import XCTest

@testable import SlabMalloc

/// Where things are in a heap and what it shares, held against the compiler.
final class HeapLayoutTests: XCTestCase {
  func testOffsetsOfARunAreThoseOfTheCompiler() {
    XCTAssertLessThanOrEqual(MemoryLayout<PageRun>.size, PageRun.stride)
    XCTAssertEqual(1 << PageRun.strideShift, PageRun.stride)
    let world = HeapWorld()
    let heap = world.thread()
    let object = UInt(bitPattern: heap.allocate(100))
    let run = world.run(object)
    func offset(_ field: UnsafeRawPointer) -> Int { field - UnsafeRawPointer(run) }
    func offset<Value>(_ field: UnsafeMutablePointer<Value>) -> Int { offset(UnsafeRawPointer(field)) }
    let atomics = [
      withUnsafePointer(to: run.pointee.owner) { offset(UnsafeRawPointer($0)) },
      withUnsafePointer(to: run.pointee.bin) { offset(UnsafeRawPointer($0)) },
    ]
    XCTAssertEqual(atomics, [0, 32])
    let offsets = [
      offset(&run.pointee.start), offset(&run.pointee.reciprocal), offset(&run.pointee.marks),
      offset(&run.pointee.lead),
      offset(&run.pointee.words), offset(&run.pointee.slotSize), offset(&run.pointee.countdown),
      offset(&run.pointee.tally), offset(&run.pointee.available), offset(&run.pointee.remoteHint),
      offset(&run.pointee.remoteNext), offset(&run.pointee.next), offset(&run.pointee.previous),
      offset(&run.pointee.place), offset(&run.pointee.content),
    ]
    XCTAssertEqual(offsets, [8, 16, 24, 40, 48, 56, 64, 68, 72, 80, 88, 96, 104, 112, 120])
    world.free([object], by: heap)
    world.finish()
  }

  func testADescriptorIsFoundByArithmetic() {
    for page: UInt in [0, 1, 2, 1000, 1 << 22] {
      for offset: UInt in [0, 1, 65535] {
        XCTAssertEqual(PageRun.descriptorOffset(page << PageRun.pageShift + offset), page * UInt(PageRun.stride))
      }
    }
  }

  func testTheProcessFitsIntoItsMemory() {
    XCTAssertLessThanOrEqual(MemoryLayout<ProcessState>.size, 16384, "the memory that CSlabPort has for it")
    XCTAssertLessThanOrEqual(MemoryLayout<Trace>.size, 256, "the memory that CSlabPort has for it")
    XCTAssertLessThanOrEqual(
      MemoryLayout<Sampler>.size, Int(SLM_PORT_SAMPLER_BYTES), "the memory that CSlabPort has for it")
  }

  /// What every deallocation reads comes first, and the pools have one address.
  func testThePoolsStartWithWhatEveryDeallocationReads() {
    let world = HeapWorld()
    let pool = world.pool
    func offset(_ field: UnsafeRawPointer) -> Int { field - UnsafeRawPointer(pool) }
    XCTAssertEqual(withUnsafeMutablePointer(to: &pool.pointee.runs) { offset(UnsafeRawPointer($0)) }, 0)
    XCTAssertEqual(withUnsafePointer(to: pool.runs.pointee.base) { offset(UnsafeRawPointer($0)) }, 0)
    XCTAssertEqual(withUnsafePointer(to: pool.runs.pointee.extent) { offset(UnsafeRawPointer($0)) }, 8)
    XCTAssertEqual(withUnsafePointer(to: pool.runs.pointee.table) { offset(UnsafeRawPointer($0)) }, 16)
    let process = ProcessPointer.shared
    XCTAssertEqual(
      withUnsafeMutablePointer(to: &process.pointee.heaps) { UnsafeRawPointer($0) }, UnsafeRawPointer(process))
  }

  func testAClassArrayHasOneElementForEachClass() {
    XCTAssertEqual(ClassArray<UInt8>.count, Int(SizeClass.count))
    // What an InlineArray's length is taken from.
    XCTAssertEqual(InlineArray<1024, UInt8>.count, RunPool.maxSegments)
  }

  func testPartsOfAHeapFollowEachOther() {
    let world = HeapWorld()
    let heap = world.thread()
    func offset(_ field: UnsafeRawPointer) -> Int { field - UnsafeRawPointer(heap) }
    // `remote` has a line of its own: only what is never changed lies on it too.
    let remote = withUnsafePointer(to: heap.pointee.remote) { offset(UnsafeRawPointer($0)) }
    XCTAssertEqual(remote % 64, 0)
    XCTAssertLessThanOrEqual(remote + 64, HeapState.directBinsOffset)
    XCTAssertLessThanOrEqual(MemoryLayout<HeapState>.size, HeapState.directBinsOffset)
    // What CSlabPort writes into a stand-in.
    XCTAssertEqual(
      withUnsafeMutablePointer(to: &heap.pointee.pool) { offset(UnsafeRawPointer($0)) }, 8 * Int(SLM_PORT_HEAP_POOL))
    XCTAssertEqual(
      withUnsafeMutablePointer(to: &heap.pointee.standIn) { offset(UnsafeRawPointer($0)) },
      8 * Int(SLM_PORT_HEAP_STAND_IN))
    XCTAssertLessThanOrEqual(
      HeapState.directBinsOffset + HeapState.directBinCount * MemoryLayout<HeapBinPointer>.stride, HeapState.binsOffset)
    XCTAssertEqual(HeapState.binsOffset % 64, 0)
    XCTAssertLessThanOrEqual(MemoryLayout<HeapBin>.size, HeapBin.stride)
    XCTAssertLessThanOrEqual(HeapState.directBinsOffset, 8 * Int(SLM_PORT_NO_HEAP_WORDS))
    world.finish()
  }

  func testAnExplicitHeapEndsItsBlock() {
    XCTAssertLessThanOrEqual(MemoryLayout<ExplicitHeap>.size, ExplicitHeap.tableOffset)
    // A hardened process has a guard of one page of the system behind it.
    XCTAssertLessThanOrEqual(HeapState.size + 4096, PageRun.pageSize, "pages of a heap")
    let world = HeapWorld()
    let part = world.explicit()
    XCTAssertEqual(part.own.firstPart, part)
    XCTAssertEqual(part.own, part.explicitPlace)
    XCTAssertEqual(part.own.address % 64, 0)
    // What the fast path reads.
    XCTAssertEqual(
      withUnsafePointer(to: part.own.pointee.limit) { UInt(bitPattern: UnsafeRawPointer($0)) }, part.own.address)
    world.finish()
  }

  func testTheTableLeadsEachSizeToItsBin() {
    let world = HeapWorld()
    let heap = world.thread()
    for size in 0..<HeapState.directLimit {
      XCTAssertEqual(heap.directBin(size), heap.bin(SizeClass.index(size: max(size, 16))!), "size \(size)")
    }
    world.finish()
  }

  func testShortStacksLieBehindTheBinsAndDoNotOverlap() {
    let world = HeapWorld()
    let heap = world.thread()
    let slotBytes = UInt(MemoryLayout<ReadySlot>.stride)
    let empty = heap.address + UInt(HeapState.stacksOffset)
    var short = empty + slotBytes + (HeapBin.shortStack + 1) * slotBytes
    for index in 1..<SizeClass.count {
      let bin = heap.bin(index)
      XCTAssertEqual(bin.pointee.bottom, empty)
      XCTAssertEqual(bin.stackRoom, 0)
      XCTAssertTrue(bin.growStack())
      XCTAssertEqual(bin.pointee.bottom, short)
      XCTAssertEqual(bin.stackRoom, min(bin.fullStackRoom, HeapBin.shortStack))
      XCTAssertLessThanOrEqual(bin.pointee.limit, short + (HeapBin.shortStack + 1) * slotBytes)
      short += (HeapBin.shortStack + 1) * slotBytes
    }
    XCTAssertEqual(short, heap.address + HeapBin.shortStackOffset(SizeClass.count))
    XCTAssertEqual(roundUp(short, to: 64), UInt(bitPattern: heap.explicitPlace))
    world.finish()
  }

  /// With its bottom a longer stack fills its block, and what is on it moves with it.
  func testLongerStacksAreBlocks() {
    XCTAssertEqual(
      Array(sequence(first: 0) { HeapBin.longer(than: $0) }.prefix(9)), [0, 8, 15, 31, 63, 127, 255, 511, 1023])
    XCTAssertEqual([9, 15, 16, 31, 32, 600, 1023].map { HeapBin.shorter(than: $0) }, [8, 8, 15, 15, 31, 511, 511])
    XCTAssertTrue(Metadata.isAlone(Metadata.lines(HeapState.size)))
    let world = HeapWorld()
    let heap = world.thread()
    for index in 1..<SizeClass.count {
      let bin = heap.bin(index)
      let most = HeapBin.readyLimit(bin.pointee.slotSize)
      XCTAssertTrue(bin.growStack())
      while bin.stackRoom < most {
        let room = bin.stackRoom
        // As if it were full, of slots that are none.
        for slot in 1...Int(room) { HeapBinPointer.ready(at: bin.pointee.bottom)[slot].address = UInt(slot) }
        bin.pointee.top = bin.pointee.limit
        XCTAssertTrue(bin.growStack())
        XCTAssertEqual(bin.stackRoom, min(most, HeapBin.longer(than: room)))
        XCTAssertEqual(bin.stackCount, room)
        XCTAssertTrue((1...Int(room)).allSatisfy { HeapBinPointer.ready(at: bin.pointee.bottom)[$0].address == $0 })
        XCTAssertFalse(HeapBinPointer.ready(at: bin.pointee.bottom).isSlot)
        XCTAssertFalse((heap.address..<heap.address + HeapState.size).contains(bin.pointee.bottom))
        let bytes = HeapBin.stackLines(bin.stackRoom) * Metadata.line
        XCTAssertLessThanOrEqual(bin.pointee.limit, bin.pointee.bottom + bytes)
        bin.pointee.top = bin.pointee.bottom + UInt(MemoryLayout<ReadySlot>.stride)
        world.check()
      }
    }
    world.finish()
  }

  /// Without memory for a longer stack, or for a shorter one, the bin goes on with the one that it has.
  func testNoMemoryForALongerStack() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let heap = world.thread()
      let live = world.allocate(3000, of: 64, from: heap)
      let bin = heap.bin(UInt(world.run(live[0]).pointee.binIndex))
      HeapSystem.current.fails = { call, _, _ in call == .map || call == .commit || call == .reserve }
      while world.pool.locked({ world.runs.takeRun(1) }) != nil {}
      // Each slab keeps an object, and so its pages.
      var others = live.indices.filter { $0 % 2 == 1 }.map { live[$0] }
      for _ in 0..<4 {
        world.free(others, by: heap)
        XCTAssertEqual(bin.stackRoom, HeapBin.shortStack, "\(profile)")
        others = world.allocate(others.count - Int(HeapBin.shortStack), of: 64, from: heap)
        XCTAssertFalse(others.contains(0))
        XCTAssertEqual(Set(others).count, others.count)
      }
      XCTAssertEqual(world.reports, [])
    }
  }

  func testEachClassFillsItsSlabs() {
    for index in 0..<SizeClass.count {
      let slotSize = SizeClass.slotSize(index)
      var pages = HeapBin.firstPages(slotSize)
      XCTAssertGreaterThanOrEqual(pages << PageRun.pageShift / slotSize, 4, "slots of \(slotSize)")
      while true {
        let bytes = pages << PageRun.pageShift
        // A mark of the line behind the last slot says that there is none.
        if bytes % slotSize != 0 { XCTAssertNotEqual(bytes / slotSize % 64, 0, "slots of \(slotSize)") }
        XCTAssertLessThanOrEqual(bytes % slotSize, bytes / 8, "slots of \(slotSize): what is left over")
        guard pages < HeapBin.pages(slotSize) else { break }
        pages *= 2
      }
      XCTAssertEqual(pages, HeapBin.pages(slotSize))
      let bytes = pages << PageRun.pageShift
      XCTAssertGreaterThanOrEqual(bytes / slotSize, 15, "slots of \(slotSize)")
      XCTAssertLessThanOrEqual(bytes % slotSize, bytes / 16, "slots of \(slotSize): what is left over")
    }
  }

  /// The class for a size and an alignment: all its slots are aligned, and no smaller class would do.
  func testClassesByAlignment() {
    for shift in 0..<18 {
      let alignment: UInt = 1 << shift
      for size: UInt in [0, 1, 15, 16, 17, 100, 1000, 1025, 4096, 5000, 20_000, 65_536, 100_000, maxSize, maxSize + 1] {
        let fitting = (1..<SizeClass.count).filter {
          SizeClass.slotSize($0) >= max(size, 1) && (alignment <= 16 || SizeClass.slotSize($0) % alignment == 0)
        }
        let expected = alignment <= PageRun.pageSize ? fitting.first : nil
        XCTAssertEqual(SizeClass.naturalIndex(size: size, alignment: alignment), expected, "\(size) at \(alignment)")
      }
    }
  }
}
