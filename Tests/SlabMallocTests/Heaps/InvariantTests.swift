import XCTest

@testable import SlabMalloc

/// Each checker of a build with assertions finds what is broken on purpose, and nothing in a process that is whole.
final class InvariantTests: XCTestCase {
  private var world: HeapWorld!
  private var heap: HeapPointer!

  override func setUp() {
    world = HeapWorld()
    heap = world.thread()
  }

  override func tearDown() { world = nil }

  private func poolViolation() -> String? { world.pool.locked { world.pool.violation() }.map { "\($0)" } }
  private func heapViolation() -> String? { heap.violation().map { "\($0)" } }

  /// Breaks something, looks, and mends it.
  private func finds<Value>(
    _ expected: String, _ field: UnsafeMutablePointer<Value>, _ broken: Value, in violation: () -> String?,
    line: UInt = #line
  ) {
    let whole = field.pointee
    XCTAssertNil(violation(), line: line)
    field.pointee = broken
    XCTAssertEqual(violation(), expected, line: line)
    field.pointee = whole
    XCTAssertNil(violation(), line: line)
  }

  func testBrokenRunsAreFound() {
    let objects = world.allocate(3, of: 300_000, from: heap)
    world.free([objects[1]], by: heap)
    let (large, free) = (world.run(objects[0]), world.run(objects[1]))
    let segment = world.runs.pointee.segments[0]!
    finds("a run's start", &large.pointee.start, 0, in: poolViolation)
    finds("a run's first page leads elsewhere", &large.pointee.lead, large + 1, in: poolViolation)
    finds("an inner page leads elsewhere", &(large + 1).pointee.lead, large + 1, in: poolViolation)
    finds("a large object's size", &large.pointee.content, 0, in: poolViolation)
    finds("a run of no kind", &large.pointee.kind, .unused, in: poolViolation)
    finds("an inner page leads elsewhere", &large.pointee.kind, .free, in: poolViolation)
    finds("the pages of free runs", &segment.pointee.dirty.pages, 1, in: poolViolation)
    finds("the bits of lists that are not empty", &segment.pointee.dirty.notEmpty, 0, in: poolViolation)
    finds("a list's links: previous", &free.pointee.previous, large, in: poolViolation)
    finds("a run of another kind is in a free list", &free.pointee.isClean, true, in: poolViolation)
    world.free([objects[0], objects[2]], by: heap)
    world.finish()
  }

  func testBrokenCountsAreFound() {
    let object = UInt(bitPattern: heap.allocate(100))
    finds("counts.slabs", &world.pool.pointee.counts.slabs, 1, in: poolViolation)
    finds("counts.large", &world.pool.pointee.counts.large, 1, in: poolViolation)
    finds("counts.largeLive", &world.pool.pointee.counts.largeLive, 1, in: poolViolation)
    finds("counts.peak", &world.pool.pointee.counts.peak, 0, in: poolViolation)
    finds("metadata.pageCount", &world.runs.pointee.metadata.pageCount, 0, in: poolViolation)
    finds("the counts of kept pages", &world.runs.pointee.kept.dirtyPages, 1, in: poolViolation)
    finds("taken - given back is not what is held", &world.runs.pointee.counts.taken, 1, in: poolViolation)
    world.runs.dirtyBytes += 1
    XCTAssertEqual(poolViolation(), "dirtyBytes")
    world.runs.dirtyBytes -= 1
    let metadata = world.run(heap.address)
    finds("a metadata block is lost, or free twice", &metadata.pointee.tally, 7, in: poolViolation)
    world.free([object], by: heap)
    world.finish()
  }

  func testBrokenSlabsAreFound() {
    let objects = world.allocate(10, of: 100, from: heap)
    world.free(objects.prefix(3), by: heap)
    let bin = world.bin(heap, 100)
    let slab = world.run(objects[9])
    let used = slab.mark(slab.slot(at: objects[9]).index)
    finds("used + available + pending + held is not all slots", used, Mark.free, in: heapViolation)
    finds("an unknown mark", used, 77, in: heapViolation)
    finds("a slab's number of available slots", &slab.pointee.available, 1, in: heapViolation)
    finds("a slab's place is not its list", &slab.pointee.place, .partial, in: heapViolation)
    finds("a slab is carved for another class", &slab.pointee.slotCount, 7, in: heapViolation)
    finds("a slab with an owner is an orphan", &slab.pointee.isOrphan, true, in: heapViolation)
    finds(
      "used + available + pending + held is not all slots", &bin.pointee.top, bin.pointee.top - 16, in: heapViolation)
    finds("the top of a stack", &bin.pointee.top, bin.pointee.limit + 16, in: heapViolation)
    finds("wordStart and wordMarks are of different words", &bin.pointee.wordStart, 0, in: heapViolation)
    finds("used + available + pending + held is not all slots", &bin.pointee.pending, 0, in: heapViolation)
    finds("a bin's index", &bin.pointee.index, 3, in: heapViolation)
    let ready = HeapBinPointer.ready(at: bin.pointee.top - 16)
    finds("a ready slot is not free", ready.pointee.mark, Mark.fresh, in: heapViolation)
    finds("a ready slot is none", &ready.pointee.address, objects[0] + 1, in: heapViolation)
    world.free(objects.dropFirst(3), by: heap)
    world.finish()
  }
}
