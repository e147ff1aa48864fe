import CSlabmalloc
import XCTest

@testable import SlabMalloc

/// Zones, heaps and caches with typed containers: what they give, they get back.
final class TypedZoneTests: XCTestCase {
  func testContainersOfAZone() throws {
    let provider = FaultyProvider()
    let log = Tracked.Log()
    do {
      let zone = try Zone(provider: provider.provider())
      var box = try zone.box(Tracked(1, log))
      box.value.number = 5
      let buffer = try zone.buffer(count: 10) { Tracked($0, log) }
      expect(buffer[9].number, 9)
      var pool = zone.pool(of: Tracked.self)
      let handle = try pool.insert(Tracked(20, log))
      expect(pool[handle].number, 20)
      var arena = try zone.arena()
      do {
        let inner = try arena.box(Tracked(30, log))
        expect(inner.value.number, 30)
      }
      arena.reset()
      XCTAssertGreaterThan(zone.statistics.objects!, 3)
      XCTAssertGreaterThan(provider.pagesOut, 1)
    }
    XCTAssertEqual(Set(log.ended), Set([5, 20, 30] + Array(0..<10)))
    XCTAssertEqual(provider.pagesOut, 0)
    XCTAssertEqual(provider.errors, [])
  }

  func testContainersOfAHeap() throws {
    let log = Tracked.Log()
    let heap = try Heap()
    do {
      let box = try heap.box(Tracked(1, log))
      let buffer = try heap.buffer(repeating: Vectors(), count: 100)
      var pool = heap.pool(of: Tracked.self)
      try pool.insert(Tracked(2, log))
      var arena = try heap.arena()
      do {
        let number = try arena.box(3)
        expect(number.value + box.value.number + buffer.count, 104)
      }
      arena.reset()
      XCTAssertGreaterThan(heap.statistics.objects!, 3)
    }
    XCTAssertEqual(Set(log.ended), [1, 2])
    XCTAssertEqual(heap.statistics.objects, 0)
    XCTAssertGreaterThan(Heap.processStatistics.bytesHeld, 0)
    XCTAssertGreaterThanOrEqual(Heap.purgeProcess(), 0)
  }

  func testPointersOfAZoneAndAHeap() throws {
    let layout = Layout(size: 40, alignment: 8)
    let zone = try Zone(provider: .mmap)
    let heap = try Heap()
    let ofZone = unsafe try zone.allocate(layout)
    let ofHeap = unsafe try heap.allocate(layout)
    ofZone.storeBytes(of: 7, as: Int.self)
    let moved = unsafe try zone.reallocate(ofZone, layout, to: 4000)
    XCTAssertEqual(moved.load(as: Int.self), 7)
    XCTAssertEqual(errorOf { () throws(AllocationError) in unsafe try zone.deallocate(ofHeap) }, .foreignPointer)
    XCTAssertEqual(errorOf { () throws(AllocationError) in unsafe try heap.deallocate(moved) }, .foreignPointer)
    unsafe try zone.deallocate(moved)
    XCTAssertEqual(errorOf { () throws(AllocationError) in unsafe try zone.deallocate(moved) }, .doubleFree)
    let larger = unsafe try heap.reallocate(ofHeap, layout, to: 400)
    XCTAssertEqual(errorOf { () throws(AllocationError) in unsafe try heap.deallocate(larger + 16) }, .interiorPointer)
    unsafe try heap.deallocate(larger)
    let refused = errorOf { () throws(AllocationError) in
      _ = unsafe try heap.reallocate(heap.allocate(layout), layout, to: 1 << 60)
    }
    XCTAssertEqual(refused, .outOfMemory)
  }

  /// A caller that frees something and tries again must not take a wrong pointer for a lack of memory.
  func testAReallocationSaysWhatIsWrongWithThePointer() throws {
    let zone = try Zone(provider: .mmap)
    let shared = try Zone.Shared(provider: .mmap)
    let heap = try Heap()
    for size in [40, 100_000] {
      let layout = Layout(size: size, alignment: 8)
      let ofZone = unsafe try zone.allocate(layout)
      let ofShared = unsafe try shared.allocate(layout)
      let ofHeap = unsafe try heap.allocate(layout)
      func inZone(_ memory: UnsafeMutableRawPointer, _ new: Int) -> AllocationError? {
        errorOf { () throws(AllocationError) in _ = unsafe try zone.reallocate(memory, layout, to: new) }
      }
      func inShared(_ memory: UnsafeMutableRawPointer, _ new: Int) -> AllocationError? {
        errorOf { () throws(AllocationError) in _ = unsafe try shared.reallocate(memory, layout, to: new) }
      }
      func inHeap(_ memory: UnsafeMutableRawPointer, _ new: Int) -> AllocationError? {
        errorOf { () throws(AllocationError) in _ = unsafe try heap.reallocate(memory, layout, to: new) }
      }
      for new in [0, 24, 5000, 1 << 20, 1 << 60] {
        XCTAssertEqual(inZone(ofHeap, new), .foreignPointer, "\(size) to \(new)")
        XCTAssertEqual(inShared(ofZone, new), .foreignPointer, "\(size) to \(new)")
        XCTAssertEqual(inHeap(ofZone, new), .foreignPointer, "\(size) to \(new)")
        XCTAssertEqual(inZone(ofZone + 8, new), .interiorPointer, "\(size) to \(new)")
        XCTAssertEqual(inShared(ofShared + 8, new), .interiorPointer, "\(size) to \(new)")
        XCTAssertEqual(inHeap(ofHeap + 8, new), .interiorPointer, "\(size) to \(new)")
      }
      let live = [zone.statistics.bytesLive, heap.statistics.bytesLive]
      XCTAssertEqual([inZone(ofZone, 1 << 60), inHeap(ofHeap, 1 << 60)], [.outOfMemory, .outOfMemory])
      XCTAssertEqual(inShared(ofShared, 1 << 60), .outOfMemory)
      for (odd, new) in [
        (layout, -1), (Layout(size: size, alignment: 3), 400), (Layout(size: size, alignment: 0), 400),
      ] {
        let refusals = [
          errorOf { () throws(AllocationError) in _ = unsafe try zone.reallocate(ofZone, odd, to: new) },
          errorOf { () throws(AllocationError) in _ = unsafe try heap.reallocate(ofHeap, odd, to: new) },
        ]
        XCTAssertEqual(refusals, [.invalidLayout, .invalidLayout], "\(odd) to \(new)")
      }
      XCTAssertEqual([zone.statistics.bytesLive, heap.statistics.bytesLive], live, "nothing changed")
      unsafe try zone.deallocate(ofZone)
      unsafe try shared.deallocate(ofShared)
      unsafe try heap.deallocate(ofHeap)
      // A heap gives the pages of a large object away, and may not know them any more.
      let freed = errorOf { () throws(AllocationError) in unsafe try heap.deallocate(ofHeap) }
      XCTAssertTrue(freed == .doubleFree || (freed == .foreignPointer && size > 40))
      for new in [24, 5000, 1 << 60] {
        XCTAssertEqual(inZone(ofZone, new), .doubleFree, "\(size) to \(new)")
        XCTAssertEqual(inShared(ofShared, new), .doubleFree, "\(size) to \(new)")
        XCTAssertEqual(inHeap(ofHeap, new), freed, "\(size) to \(new)")
      }
    }
  }

  /// Profile hardened sees the byte behind an object when the object is reallocated.
  func testAReallocationOfAnObjectThatWasOverrunSaysIt() throws {
    let zone = try Zone(provider: .mmap, profile: .hardened)
    let layout = Layout(size: 24, alignment: 8)
    let memory = unsafe try zone.allocate(layout)
    let behind = slm_zone_usable_size(zone.raw, memory)
    let kept = memory.load(fromByteOffset: behind, as: UInt8.self)
    memory.storeBytes(of: ~kept, toByteOffset: behind, as: UInt8.self)
    XCTAssertEqual(
      errorOf { () throws(AllocationError) in _ = unsafe try zone.reallocate(memory, layout, to: 5000) }, .overflow)
    memory.storeBytes(of: kept, toByteOffset: behind, as: UInt8.self)
    unsafe try zone.deallocate(memory)
  }

  func testACacheHasSlotsOfItsType() throws {
    let provider = FaultyProvider()
    let log = Tracked.Log()
    do {
      let cache = try Cache<Tracked>(provider: provider.provider())
      XCTAssertEqual(cache.slotSize, MemoryLayout<Tracked>.stride)
      try cache.reserve(count: 10)
      let box = try cache.box(Tracked(1, log))
      expect(box.value.number, 1)
      XCTAssertEqual(cache.statistics.objects, 1)
      do throws(AllocationError) {
        _ = try cache.source.allocate(Layout(size: 17, alignment: 8))
        XCTFail("a slot has 16 bytes")
      } catch {
        XCTAssertEqual(error, .invalidLayout)
      }
      XCTAssertEqual(errorOf { () throws(AllocationError) in try cache.reserve(count: -1) }, .invalidArgument)
      XCTAssertEqual(cache.reclaim(), 0, "the page has the box, or is reserved")
    }
    XCTAssertEqual(log.ended, [1])
    XCTAssertEqual(provider.pagesOut, 0)
    XCTAssertEqual(provider.errors, [])
  }

  func testOverAlignedMemory() throws {
    let zone = try Zone(provider: .mmap)
    let heap = try Heap()
    for alignment in [1, 16, 64, 4096] {
      let layout = Layout(size: 8, alignment: alignment)
      XCTAssertEqual(UInt(bitPattern: unsafe try zone.allocate(layout)) % UInt(alignment), 0)
      XCTAssertEqual(UInt(bitPattern: unsafe try heap.allocate(layout)) % UInt(alignment), 0)
    }
    for layout in [Layout(size: -1, alignment: 8), Layout(size: 8, alignment: 3), Layout(size: Int.max, alignment: 64)]
    {
      let inZone = errorOf { () throws(AllocationError) in _ = unsafe try zone.allocate(layout) }
      XCTAssertEqual(inZone?.layout, inZone == nil ? nil : layout)
      let inHeap = errorOf { () throws(AllocationError) in _ = unsafe try heap.allocate(layout) }
      XCTAssertEqual(inHeap?.layout, inHeap == nil ? nil : layout)
      XCTAssertEqual(inZone != nil, layout.size != 8, "an alignment of up to 8 is given to everything")
    }
  }

  func testTemporaryMemory() throws {
    struct Refusal: Error {}
    let log = Tracked.Log()
    let zone = try Zone(provider: .mmap)
    let sum = try zone.withTemporary(Tracked.self, capacity: 3) { output in
      output.append(Tracked(1, log))
      output.append(Tracked(2, log))
      return output.count + output.span[1].number
    }
    XCTAssertEqual(sum, 4)
    XCTAssertEqual(log.ended, [1, 2])
    do throws(AllocationOr<Refusal>) {
      try zone.withTemporary(Tracked.self, capacity: 3) { (output) throws(Refusal) in
        output.append(Tracked(3, log))
        throw Refusal()
      }
    } catch {
      guard case .failure = error else { return XCTFail("\(error)") }
    }
    XCTAssertEqual(log.ended, [1, 2, 3])
    do throws(AllocationOr<Never>) {
      _ = try zone.withTemporary(Int.self, capacity: -1) { $0.count }
      XCTFail("no memory has this size")
    } catch {
      guard case .allocation(.invalidLayout) = error else { return XCTFail("\(error)") }
    }
    XCTAssertEqual(zone.statistics.objects, 0)
    let heap = try Heap()
    XCTAssertEqual(try heap.withTemporary(Int.self, capacity: 100) { $0.freeCapacity }, 100)
    XCTAssertEqual(heap.statistics.objects, 0)
  }

  func testALimitSaysWhichItIs() throws {
    let zone = try Zone(provider: .mmap, hardLimit: 256 << 10)
    var pool = zone.pool(of: InlineArray<16, UInt64>.self)
    var error: AllocationError?
    while error == nil {
      error = errorOf { () throws(AllocationError) in try pool.insert(InlineArray(repeating: 1)) }
    }
    XCTAssertEqual(error, .limit)
    XCTAssertEqual(error?.limit, 256 << 10)
    XCTAssertEqual(error?.reason, .limit)
    XCTAssertGreaterThan(pool.count, 100)
    XCTAssertEqual(zone.statistics.hardLimit, 256 << 10)
    try zone.setLimits(soft: 0, hard: 0)
    XCTAssertNoThrow(try pool.insert(InlineArray(repeating: 1)))

    let heap = try Heap(hardLimit: 1 << 20)
    let refused = errorOf { () throws(AllocationError) in _ = try heap.buffer(repeating: 0, count: 1 << 20) }
    XCTAssertEqual(refused, .limit)
    XCTAssertEqual(refused?.limit, 1 << 20)
    XCTAssertEqual(refused?.layout, Layout(size: 8 << 20, alignment: 8))
    XCTAssertEqual(
      errorOf { () throws(AllocationError) in try zone.setLimits(soft: 2, hard: 1) }, .invalidArgument)
  }

  func testAReserveOfAZone() throws {
    let provider = FaultyProvider()
    let zone = try Zone(provider: provider.provider())
    try zone.reserve(Layout(size: 64, alignment: 8), count: 100)
    provider.fault = { _, _ in .outOfMemory }
    for _ in 0..<100 { _ = unsafe try zone.allocate(Layout(size: 64, alignment: 8)) }
    XCTAssertEqual(
      errorOf { () throws(AllocationError) in try zone.reserve(Layout(size: 64, alignment: 8), count: 10_000) },
      .outOfMemory)
    XCTAssertEqual(
      errorOf { () throws(AllocationError) in try zone.reserve(Layout(size: 64, alignment: 8), count: -1) },
      .invalidArgument)
  }

  func testStatisticsPrintThemselves() throws {
    let zone = try Zone(provider: .mmap, softLimit: 1 << 20, hardLimit: 1 << 21)
    let box = try zone.box((1, 2))
    XCTAssertEqual(
      "\(zone.statistics)", "1 object with 16 bytes in 65536 (peak 65536, soft limit 1048576, hard limit 2097152)")
    expect(box.value.0, 1)
    let arena = try Arena()
    XCTAssertTrue("\(arena.statistics)".hasSuffix(" bytes in 4096"), "\(arena.statistics)")
  }

  func testAProviderThatGivesNothingIsRefused() {
    let none = PageProvider(pageSize: nil, context: nil, allocate: nil, release: nil)
    XCTAssertEqual(errorOf { () throws(AllocationError) in _ = try Zone(provider: none) }, .invalidArgument)
    XCTAssertEqual(errorOf { () throws(AllocationError) in _ = try Cache<Int>(provider: none) }, .invalidArgument)
    XCTAssertEqual(errorOf { () throws(AllocationError) in _ = try Heap(softLimit: 2, hardLimit: 1) }, .invalidArgument)
    XCTAssertEqual(
      errorOf { () throws(AllocationError) in _ = try Zone(provider: .mmap, softLimit: 2, hardLimit: 1) },
      .invalidArgument)
  }
}

/// As XCTAssertEqual, but without a closure, which may not have a box of a zone that is a `let` in Swift 6.3.
private func expect(_ found: Int, _ expected: Int, line: UInt = #line) { XCTAssertEqual(found, expected, line: line) }
