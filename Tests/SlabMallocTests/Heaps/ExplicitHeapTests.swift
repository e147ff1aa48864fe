import CSlabPort
import XCTest

@testable import SlabMalloc

/// Parts of explicit heaps, and the slots by which threads find them. Each slot that a test takes stands for a thread.
final class ExplicitHeapTests: XCTestCase {
  private let size: UInt = 512
  private var slots: Int { HeapWorld.slots(size) }

  private func allocate(_ count: Int, from part: HeapPointer) -> [UInt] {
    (0..<count).map { _ in UInt(bitPattern: part.allocate(size)) }
  }

  func testSlotsAreTakenFromTheLowestAndOnlyOnce() {
    let first = ThreadSlots.take()
    let second = ThreadSlots.take()
    XCTAssertGreaterThan(first, ThreadSlots.nobodys)
    XCTAssertGreaterThan(second, first)
    XCTAssertFalse(ThreadSlots.tryTake(first))
    ThreadSlots.giveBack(first)
    XCTAssertEqual(ThreadSlots.take(), first)
    ThreadSlots.giveBack(first)
    XCTAssertTrue(ThreadSlots.tryTake(first))
    ThreadSlots.giveBack(first)
    ThreadSlots.giveBack(second)
  }

  /// Where no slot is left, each object takes a run, which is as good as any.
  func testAThreadWithoutASlot() {
    let world = HeapWorld()
    let explicit = world.explicit().own
    let own = ThreadSlots.own
    var taken: [UInt] = []
    while case let slot = ThreadSlots.take(), slot != ThreadSlots.nobodys { taken.append(slot) }
    XCTAssertEqual(taken.max(), ThreadSlots.count - 1)
    slm_port_set_thread_slot(ThreadSlots.nobodys)
    XCTAssertNil(explicit.part)
    var objects = [
      explicit.allocate(100, alignment: 1), explicit.allocateZeroed(100), explicit.allocate(100, alignment: 4096),
    ]
    XCTAssertFalse(objects.contains(0))
    XCTAssertEqual(explicit.usage().largeObjects, 3)
    UnsafeMutablePointer<UInt64>(bitPattern: objects[0])!.pointee = 77
    objects[0] = explicit.reallocate(objects[0], 300, alignment: 1)
    XCTAssertEqual(UnsafeMutablePointer<UInt64>(bitPattern: objects[0])!.pointee, 77)
    XCTAssertEqual(explicit.deallocate(objects[0], size: 300, alignment: 1), .ok)
    XCTAssertEqual(explicit.deallocate(objects[0]), Status.foreignPointer, "its run is gone")
    slm_port_set_thread_slot(own)
    for slot in taken { ThreadSlots.giveBack(slot) }
    // An object of a part that such a thread resizes.
    let small = UInt(bitPattern: explicit.part!.allocate(40))
    for slot in taken { XCTAssertTrue(ThreadSlots.tryTake(slot)) }
    slm_port_set_thread_slot(ThreadSlots.nobodys)
    let moved = explicit.reallocate(small, 5000, alignment: 1)
    XCTAssertNotEqual(moved, 0)
    XCTAssertEqual(explicit.deallocate(moved), .ok)
    XCTAssertEqual(explicit.deallocate(small), Status.doubleFree)
    slm_port_set_thread_slot(own)
    for slot in taken { ThreadSlots.giveBack(slot) }
    world.finish()
  }

  /// The table grows where a slot is beyond it.
  func testHighSlots() {
    let world = HeapWorld()
    let explicit = world.explicit().own
    for slot in [ThreadSlots.count - 1, ExplicitHeap.step, 2 * ExplicitHeap.step + 1] {
      XCTAssertNil(explicit.part(of: slot))
      XCTAssertTrue(ThreadSlots.tryTake(slot))
      let part = explicit.makePart(of: slot)
      XCTAssertEqual(explicit.part(of: slot), part)
      XCTAssertEqual(explicit.makePart(of: slot), part)
      XCTAssertNotEqual(part, explicit.firstPart)
      XCTAssertNil(explicit.part(of: slot - 1))
    }
    for slot in [ThreadSlots.count - 1, ExplicitHeap.step, 2 * ExplicitHeap.step + 1] { ThreadSlots.giveBack(slot) }
    XCTAssertEqual(explicit.pointee.partCount.load(ordering: .relaxed), 4)
    world.finish()
  }

  func testAVacantPartIsTakenBeforeANewOne() {
    let world = HeapWorld()
    let explicit = world.explicit().own
    let (first, second) = (ThreadSlots.take(), ThreadSlots.take())
    let part = explicit.makePart(of: first)!
    let live = allocate(10, from: part)
    ThreadSlots.giveBack(first)
    XCTAssertEqual(explicit.makePart(of: second), part)
    XCTAssertNil(explicit.part(of: first))
    XCTAssertEqual(part.pointee.slot, second)
    XCTAssertTrue(ThreadSlots.tryTake(first), "nobody has it")
    XCTAssertNotEqual(explicit.makePart(of: first), part, "it is not vacant")
    XCTAssertEqual(world.run(live[0]).currentOwner.heap, part)
    XCTAssertEqual(world.destroy(explicit.firstPart), 10)
    ThreadSlots.giveBack(first)
    ThreadSlots.giveBack(second)
    world.finish()
  }

  /// A part that needs a slab gets a vacant part's, and what its stack had.
  func testAVacantPartGivesItsSlabs() {
    for profile in [Profile.checked, .fast, .hardened] {
      let world = HeapWorld(profile: profile)
      let own = world.explicit()
      let slot = ThreadSlots.take()
      let part = own.own.makePart(of: slot)!
      let live = allocate(10, from: part)
      let slab = world.run(live[0])
      // One is ready or in quarantine, one was freed remotely.
      XCTAssertEqual(part.deallocate(live[0], world.pool), .ok)
      XCTAssertEqual(own.own.deallocate(live[1]), .ok)
      ThreadSlots.giveBack(slot)
      let more = allocate(Int(slab.pointee.slotCount) - 8, from: own)
      XCTAssertEqual(Set(more.map { world.run($0) }), [slab], "\(profile)")
      XCTAssertEqual(slab.currentOwner.heap, own)
      XCTAssertNil(part.violation())
      XCTAssertTrue(ThreadSlots.tryTake(slot), "its slot is free again")
      ThreadSlots.giveBack(slot)
      world.check("\(profile)")
      XCTAssertEqual(world.destroy(own), UInt(more.count + 8))
      world.finish()
    }
  }

  func testWhatWasFreedInVacantPartsGoesBack() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let own = world.explicit()
      let slot = ThreadSlots.take()
      let part = own.own.makePart(of: slot)!
      let live = allocate(2 * slots, from: part)
      ThreadSlots.giveBack(slot)
      for address in live { XCTAssertEqual(own.own.deallocate(address), .ok) }
      XCTAssertGreaterThan(world.pool.pointee.counts.slabs, 0)
      own.own.trimVacant()
      XCTAssertEqual(world.pool.pointee.counts.slabs, 0)
      XCTAssertEqual(own.own.limits.held, 0)
      XCTAssertNil(part.violation())
      XCTAssertEqual(world.destroy(own), 0)
      world.finish()
    }
  }

  /// Where there is no memory for a part, an object takes a run, if there is one.
  func testNoMemoryForAPart() {
    let world = HeapWorld()
    let own = world.explicit()
    let slot = ThreadSlots.take()
    HeapSystem.current.fails = { _, _, _ in true }
    var taken: [UInt] = []
    while case let object = UInt(bitPattern: own.allocate(1 << 17 + 1)), object != 0 { taken.append(object) }
    XCTAssertNil(own.own.makePart(of: slot))
    XCTAssertNil(own.own.part(of: slot))
    HeapSystem.current.fails = { _, _, _ in false }
    XCTAssertNotNil(own.own.makePart(of: slot))
    ThreadSlots.giveBack(slot)
    XCTAssertEqual(world.destroy(own), UInt(taken.count))
    world.finish()
  }

  /// What the system refuses is not counted.
  func testLimitsCountWhatIsThere() {
    for profile in [Profile.checked, .hardened] {
      let world = HeapWorld(profile: profile)
      let own = world.explicit()
      var random = SeededRandom(stream: 77)
      var live: [UInt] = []
      own.own.pointee.limits.set(soft: 0, hard: 64 << 20)
      HeapSystem.current.fails = { _, _, _ in random.below(3) == 0 }
      for _ in 0..<3000 {
        let size = UInt(1 + random.below(1 << (4 + random.below(22))))
        switch random.below(4) {
        case 0 where !live.isEmpty:
          XCTAssertEqual(own.own.deallocate(live.remove(at: random.below(live.count))), .ok)
        case 1 where !live.isEmpty:
          let index = random.below(live.count)
          let moved = own.own.reallocate(live[index], size, alignment: 1)
          if moved != 0 { live[index] = moved }
        default:
          let object = own.own.allocate(size, alignment: 1)
          if object != 0 { live.append(object) }
        }
        XCTAssertLessThanOrEqual(own.own.limits.held, 64 << 20)
      }
      HeapSystem.current.fails = { _, _, _ in false }
      let usage = own.own.usage()
      XCTAssertEqual(usage.objects, UInt(live.count), SeededRandom.hint)
      XCTAssertEqual(own.own.limits.held, usage.slabBytes + usage.largeBytes, SeededRandom.hint)
      world.check(SeededRandom.hint)
      XCTAssertEqual(world.destroy(own), UInt(live.count))
      world.finish()
    }
  }

  /// A heap with a pool of its own in memory of a source: every invariant holds there too, and all memory goes back.
  func testAHeapInMemoryOfASource() {
    for profile in [Profile.checked, .fast, .hardened] {
      let world = HeapWorld(profile: profile)
      SourceMemory.start()
      let explicit = world.pool.makeHeap(from: SourceMemory.source)!
      let pool = explicit.pool
      XCTAssertNotEqual(pool, world.pool)
      XCTAssertEqual(UInt(bitPattern: pool), UInt(bitPattern: SourceMemory.runs.keys.first!), "it starts the first run")
      var random = SeededRandom(stream: 78)
      var live: [UInt] = []
      for step in 0..<600 {
        SourceMemory.isDry = random.below(4) == 0
        let size = UInt(1 + random.below(1 << (4 + random.below(20))))
        switch random.below(5) {
        case 0 where !live.isEmpty, 1 where !live.isEmpty:
          XCTAssertEqual(explicit.deallocate(live.remove(at: random.below(live.count))), .ok)
        case 2 where !live.isEmpty:
          let index = random.below(live.count)
          let moved = explicit.reallocate(live[index], size, alignment: 1)
          if moved != 0 { live[index] = moved }
        case 3 where step % 16 == 0: explicit.trimVacant()
        default:
          let object = random.below(2) == 0 ? explicit.allocate(size, alignment: 1) : explicit.allocateZeroed(size)
          if object != 0 { live.append(object) }
        }
        guard step % 64 == 0 else { continue }
        XCTAssertNil(pool.locked { pool.violation() }.map { "\($0)" }, SeededRandom.hint)
        XCTAssertNil(explicit.part?.violation().map { "\($0)" }, SeededRandom.hint)
      }
      XCTAssertTrue(live.allSatisfy { SourceMemory.contains($0) })
      XCTAssertEqual(explicit.usage().objects, UInt(live.count), SeededRandom.hint)
      XCTAssertEqual(explicit.destroy(), UInt(live.count), SeededRandom.hint)
      XCTAssertTrue(SourceMemory.runs.isEmpty)
      XCTAssertEqual(SourceMemory.errors, 0)
      world.finish()
    }
  }

  func testASourceThatHasTooLittle() {
    let world = HeapWorld()
    SourceMemory.start()
    SourceMemory.longest = (512 << 10) - 1
    XCTAssertNil(world.pool.makeHeap(from: SourceMemory.source))
    SourceMemory.longest = 512 << 10
    let explicit = world.pool.makeHeap(from: SourceMemory.source)!
    XCTAssertNotEqual(explicit.allocate(100, alignment: 1), 0)
    XCTAssertEqual(explicit.allocate(1 << 20, alignment: 1), 0)
    XCTAssertEqual(explicit.destroy(), 1)
    // What is misaligned goes back.
    SourceMemory.start()
    SourceMemory.isMisaligned = true
    XCTAssertNil(world.pool.makeHeap(from: SourceMemory.source))
    XCTAssertTrue(SourceMemory.runs.isEmpty)
    XCTAssertEqual(SourceMemory.errors, 0)
    world.finish()
  }
}

/// Memory of a program, in runs that come back as they were given.
private enum SourceMemory {
  nonisolated(unsafe) static var runs: [UnsafeMutableRawPointer: Int] = [:]
  nonisolated(unsafe) static var errors = 0
  nonisolated(unsafe) static var longest = Int.max
  nonisolated(unsafe) static var isDry = false
  nonisolated(unsafe) static var isMisaligned = false

  static func start() {
    (runs, errors, longest, isDry, isMisaligned) = ([:], 0, Int.max, false, false)
  }

  static var source: RunSource {
    RunSource(
      context: nil,
      allocate: { _, size, alignment in
        if SourceMemory.isDry || size > SourceMemory.longest { return nil }
        let shift = SourceMemory.isMisaligned ? 4096 : 0
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size + shift, alignment: alignment) + shift
        memory.initializeMemory(as: UInt8.self, repeating: 0xEE, count: size)
        SourceMemory.runs[memory] = size
        return memory
      },
      release: { _, memory, size in
        if SourceMemory.runs.removeValue(forKey: memory) != size { SourceMemory.errors += 1 }
        memory.initializeMemory(as: UInt8.self, repeating: 0xDD, count: size)
        (memory - (SourceMemory.isMisaligned ? 4096 : 0)).deallocate()
      })
  }

  static func contains(_ address: UInt) -> Bool {
    runs.contains { address >= UInt(bitPattern: $0.key) && address < UInt(bitPattern: $0.key) + UInt($0.value) }
  }
}
