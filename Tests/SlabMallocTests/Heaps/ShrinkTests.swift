import CSlabPort
import CSlabmalloc
import XCTest

@testable import SlabMalloc

/// An object that becomes smaller never fails: without memory for a smaller place it stays where it is.
final class ShrinkTests: XCTestCase {
  private let profiles: [Profile] = [.fast, .checked, .hardened]
  private let largest = UInt(SLM_MAX_SIZE)

  /// A world with objects of some sizes, and then without memory: neither the system nor a slab has more.
  private func exhausted(_ profile: Profile, _ sizes: [UInt], isExplicit: Bool = false) -> (
    world: HeapWorld, heap: HeapPointer, objects: [UInt]
  ) {
    let world = HeapWorld(profile: profile)
    fill = []
    let heap = isExplicit ? world.explicit() : world.thread()
    let objects = sizes.map { UInt(bitPattern: heap.allocate($0)) }
    for (address, size) in zip(objects, sizes) {
      memset(UnsafeMutableRawPointer(bitPattern: address)!, 0x5C, Int(size))
    }
    HeapSystem.current.fails = { _, _, _ in true }
    exhaust(heap)
    return (world, heap, objects)
  }

  /// What `exhaust` has allocated.
  private var fill: [UInt] = []

  /// Also what a large object gave back.
  private func exhaust(_ heap: HeapPointer) {
    var size: UInt = 4 << 20
    while size >= 16 {
      while let memory = heap.allocate(size) { fill.append(UInt(bitPattern: memory)) }
      size -= size > 65536 ? 65536 : size > 1024 ? 1024 : 16
    }
  }

  private func holds(_ address: UInt, _ size: UInt) -> Bool {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: Int(size)).allSatisfy { $0 == 0x5C }
  }

  func testAnObjectStaysWhereItIs() {
    for profile in profiles {
      let sizes: [UInt] = [2000, 100_000, 200_000, 3 << 20]
      let (world, heap, objects) = exhausted(profile, sizes)
      defer { withExtendedLifetime(world) {} }
      let other = world.takeHeap()
      XCTAssertNil(other, "there is no memory for a heap")
      for (address, size) in zip(objects, sizes) {
        let run = world.run(address)
        XCTAssertEqual(heap.reallocate(address, size * 2), 0, "there is memory")
        XCTAssertFalse(run.hasShrunk)
        slm_port_set_errno(0)
        XCTAssertEqual(heap.reallocate(address, 600), address, "\(profile) \(size)")
        XCTAssertEqual(slm_port_errno(), 0)
        XCTAssertTrue(holds(address, 600))
        // The usable size is that of the slot or the pages; what fits does not fail.
        let usable = world.pool.usableSize(address)
        XCTAssertEqual(usable, size > largest ? 4096 : world.pool.goodSize(size))
        memset(UnsafeMutableRawPointer(bitPattern: address)!, 0x5C, Int(usable))
        exhaust(heap)
        XCTAssertEqual(heap.reallocate(address, 601), address)
        exhaust(heap)
        XCTAssertEqual(heap.reallocate(address, usable), address)
        // A hardened heap clears what an object no longer has.
        XCTAssertTrue(holds(address, profile == .hardened && size <= largest ? 601 : usable))
        world.check("\(profile) \(size)")
      }
    }
  }

  /// The last size is right for a deallocation, and so is each smaller one; larger ones are not.
  func testTheLastSizeIsRight() {
    for profile in profiles {
      let (world, heap, objects) = exhausted(profile, [2000, 2000, 300_000])
      defer { withExtendedLifetime(world) {} }
      for (address, size) in zip(objects, [2000, 2000, 300_000] as [UInt]) {
        let run = world.run(address)
        let isStill = !run.hasShrunk
        XCTAssertEqual(world.pool.matches(address, run, size: 600, alignment: 1), !isStill)
        XCTAssertEqual(heap.reallocate(address, 600), address)
        XCTAssertTrue(world.pool.matches(address, run, size: 600, alignment: 1))
        XCTAssertTrue(world.pool.matches(address, run, size: 600, alignment: 16))
        let usable = world.pool.usableSize(address)
        XCTAssertTrue(world.pool.matches(address, run, size: usable, alignment: 1))
        XCTAssertFalse(world.pool.matches(address, run, size: usable + 1, alignment: 1))
        XCTAssertFalse(world.pool.matches(address, run, size: 600, alignment: 3))
        if size > largest { XCTAssertFalse(world.pool.matches(address, run, size: 300_000, alignment: 1)) }
      }
    }
  }

  /// A slab or a large object that takes the place starts anew.
  func testTheNextSlabIsStrict() {
    for profile in profiles {
      let (world, heap, objects) = exhausted(profile, [100_000, 300_000])
      defer { withExtendedLifetime(world) {} }
      for address in objects {
        exhaust(heap)
        XCTAssertEqual(heap.reallocate(address, 600), address)
        XCTAssertTrue(world.run(address).hasShrunk)
        XCTAssertEqual(world.free(address, by: heap), .ok)
      }
      HeapSystem.current.fails = { _, _, _ in false }
      world.free(fill, by: heap)
      fill = []
      world.end(heap)
      let next = world.thread()
      for size in [100_000, 300_000] as [UInt] {
        for address in world.allocate(200, of: size, from: next) {
          XCTAssertNotEqual(address, 0)
          XCTAssertFalse(world.pool.matches(address, world.run(address), size: 600, alignment: 1), "\(profile) \(size)")
        }
      }
    }
  }

  func testAnObjectOfAnExplicitHeap() {
    for profile in profiles {
      let (world, heap, objects) = exhausted(profile, [2000, 2000, 300_000, 300_000], isExplicit: true)
      defer { withExtendedLifetime(world) {} }
      for address in [objects[0], objects[2]] {
        XCTAssertEqual(heap.own.reallocate(address, 600, alignment: 1), address)
        exhaust(heap)
        XCTAssertEqual(heap.own.reallocate(address, 600, alignment: 8), address)
        XCTAssertEqual(heap.own.deallocate(address, size: 600, alignment: 8), .ok, "\(profile)")
        exhaust(heap)
      }
      HeapSystem.current.fails = { _, _, _ in false }
      let thread = world.thread()
      HeapSystem.current.fails = { _, _, _ in true }
      exhaust(heap)
      for address in [objects[1], objects[3]] {
        XCTAssertEqual(thread.reallocate(address, 600), address)
        XCTAssertEqual(heap.own.deallocate(address, size: 600, alignment: 1), .ok, "\(profile)")
      }
    }
  }

  /// An alignment that the object does not have is no reason to stay.
  func testAnObjectThatIsNotSoAligned() throws {
    let (world, heap, objects) = exhausted(.checked, [2000, 2000], isExplicit: true)
    defer { withExtendedLifetime(world) {} }
    let address = try XCTUnwrap(objects.first { $0 % 65536 != 0 })
    XCTAssertEqual(heap.own.reallocate(address, 600, alignment: 65536), 0)
    XCTAssertEqual(heap.own.reallocate(address, 600, alignment: 16), address)
  }

  func testAThreadWithoutAHeap() {
    for profile in profiles {
      let (world, _, objects) = exhausted(profile, [2000, 300_000])
      defer { withExtendedLifetime(world) {} }
      for address in objects {
        XCTAssertEqual(world.pool.reallocateWithoutHeap(address, 600), address)
        slm_port_set_errno(0)
        XCTAssertEqual(world.pool.reallocateWithoutHeap(address, 400_000), 0)
        XCTAssertEqual(slm_port_errno(), slm_port_no_memory())
        XCTAssertEqual(world.pool.reallocateWithoutHeap(address + 8, 600), 0)
        XCTAssertEqual(world.reports, [.interiorPointer])
      }
    }
  }
}
