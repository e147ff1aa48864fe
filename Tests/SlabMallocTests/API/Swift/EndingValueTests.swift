import Dispatch
import Foundation
import Synchronization
import XCTest

@testable import SlabMalloc

/// A typed deallocation ends the value once, whoever races, and whatever the value's own deinitializer frees.
final class EndingValueTests: XCTestCase {
  /// A value whose deinitializer runs a body.
  fileprivate struct Value: ~Copyable {
    let atEnd: () -> Void
    deinit { atEnd() }
  }

  /// Each profile, in a zone for any thread and in one for one thread.
  private func eachZone(
    _ body: (
      _ allocate: @escaping (consuming Value) throws -> UnsafeMutablePointer<Value>,
      _ end: @escaping (UnsafeMutablePointer<Value>) throws -> Void,
      _ free: @escaping (UnsafeMutableRawPointer) throws -> Void,
      _ usableSize: @escaping (UnsafeRawPointer) -> Int
    ) throws -> Void
  ) rethrows {
    for profile in [Profile.fast, .checked, .hardened] {
      let safe = Box { try! SafeZoneAllocator(provider: .mmap, profile: profile) }
      try body(
        { try safe.value.allocate($0) }, { try safe.value.deallocate($0) }, { try safe.value.deallocate($0) },
        { safe.value.usableSize($0) })
      let own = Box { try! ZoneAllocator(provider: .mmap, profile: profile) }
      try body(
        { try own.value.allocate($0) }, { try own.value.deallocate($0) }, { try own.value.deallocate($0) },
        { own.value.usableSize($0) })
    }
  }

  func testAValueThatFreesItselfEndsOnce() throws {
    try eachZone { allocate, end, free, usableSize in
      var ends = 0
      var itself: UnsafeMutablePointer<Value>?
      itself = try allocate(
        Value {
          ends += 1
          assertThrows(.doubleFree) { try end(itself!) }
          assertThrows(.doubleFree) { try free(UnsafeMutableRawPointer(itself!)) }
          XCTAssertGreaterThan(usableSize(itself!), 0, "the value still ends in its memory")
        })
      try end(itself!)
      XCTAssertEqual(ends, 1)
      XCTAssertEqual(usableSize(itself!), 0)
      assertThrows(.doubleFree) { try end(itself!) }
      XCTAssertEqual(ends, 1)
    }
  }

  func testAValueThatFreesAndAllocatesOthers() throws {
    try eachZone { allocate, end, free, _ in
      var ended: [Int] = []
      let plain = try allocate(Value { ended.append(-1) })
      let inner = try allocate(Value { ended.append(2) })
      var later: UnsafeMutablePointer<Value>?
      let outer = try allocate(
        Value {
          ended.append(1)
          do {
            try end(inner)
            try free(plain)
            later = try allocate(Value { ended.append(3) })
          } catch { XCTFail("\(error)") }
          assertThrows(.doubleFree) { try end(inner) }
        })
      try end(outer)
      // A raw deallocation ends nothing.
      XCTAssertEqual(ended, [1, 2])
      XCTAssertNotEqual(later, outer, "the memory of a value that ends is nobody else's")
      try end(try XCTUnwrap(later))
      XCTAssertEqual(ended, [1, 2, 3])
    }
  }

  /// Each deinitializer ends the next value: all of them are ending at once, in different orders of addresses.
  func testAListThatEndsItsNextNode() throws {
    let count = 1000
    for step in [1, count - 1, 773] {
      try eachZone { allocate, end, _, _ in
        var nodes: [UnsafeMutablePointer<Value>] = []
        var ended: [Int] = []
        for index in 0..<count {
          nodes.append(
            try allocate(
              Value {
                ended.append(index)
                do { if ended.count < count { try end(nodes[(index + step) % count]) } } catch { XCTFail("\(error)") }
                // Those before this one are still ending, those behind it have ended.
                for other in stride(from: 0, to: count, by: 97) { assertThrows(.doubleFree) { try end(nodes[other]) } }
              }))
        }
        try end(nodes[0])
        XCTAssertEqual(ended, (0..<count).map { $0 * step % count })
      }
    }
  }

  /// Two threads free one value at the same moment, typed, and a third one frees its memory.
  func testRacingThreadsEndAValueOnce() throws {
    for profile in [Profile.fast, .checked, .hardened] {
      let zone = try SafeZoneAllocator(provider: .mmap, profile: profile)
      for round in 0..<200 {
        let race = Race()
        race.pointer = try zone.allocate(
          Value {
            // As one that closes a file: the others come meanwhile.
            if round % 2 == 0 { usleep(200) }
            race.ends.add(1, ordering: .relaxed)
          })
        race.run { index in
          do throws(AllocationError) {
            if index == 2 {
              try zone.deallocate(UnsafeMutableRawPointer(race.pointer!))
              // Nobody may end it from here on.
              race.ends.add(1, ordering: .relaxed)
            } else {
              try zone.deallocate(race.pointer!)
            }
          } catch {
            XCTAssertEqual(error, .doubleFree)
            race.refused.add(1, ordering: .relaxed)
          }
        }
        XCTAssertEqual(race.ends.load(ordering: .relaxed), 1)
        XCTAssertEqual(race.refused.load(ordering: .relaxed), 2)
        XCTAssertEqual(zone.usableSize(race.pointer!), 0)
      }
    }
  }

  /// A value of another size class, of another zone or with a wrong place does not end, and is not in the set.
  func testWhatIsRefusedDoesNotEnd() throws {
    let zone = try SafeZoneAllocator(provider: .mmap)
    let other = try SafeZoneAllocator(provider: .mmap)
    Counted.ended = 0
    let pointer = try zone.allocate(Unique(number: 1))
    let raw = UnsafeMutableRawPointer(pointer)
    assertThrows(.foreignPointer) { try other.deallocate(pointer) }
    assertThrows(.interiorPointer) { try zone.deallocate((raw + 1).assumingMemoryBound(to: Unique.self)) }
    assertThrows(.layoutMismatch) { try zone.deallocate(raw.assumingMemoryBound(to: (Int, Int, Int, Int).self)) }
    XCTAssertEqual(Counted.ended, 0)
    try zone.deallocate(pointer)
    XCTAssertEqual(Counted.ended, 1)
  }

  /// The set, with values that end in any order.
  func testTheSetHoldsWhatIsEnding() {
    let memory = Memory(64 * 16)
    let values = UnsafeMutablePointer<EndingValue>.allocate(capacity: 64)
    let ending = EndingValuesPointer.make(in: .allocate(byteCount: 8, alignment: 8), behind: 0)
    defer {
      values.deallocate()
      ending.deallocate()
    }
    var random = SeededRandom(stream: 1)
    var model: Set<Int> = []
    for _ in 0..<5000 {
      let index = random.below(64)
      if model.remove(index) != nil {
        ending.remove(values + index)
      } else {
        (values + index).initialize(to: EndingValue(memory.start + 16 * index))
        ending.insert(values + index)
        model.insert(index)
      }
      for other in 0..<64 {
        XCTAssertEqual(ending.contains(memory.start + 16 * other), model.contains(other), SeededRandom.hint)
      }
    }
  }
}

/// A value that can't be copied, for closures to share.
private final class Box<Value: ~Copyable> {
  let value: Value
  init(_ make: () -> Value) { value = make() }
}

/// Three threads with one value.
private final class Race: @unchecked Sendable {
  let ends = Atomic<Int>(0)
  let refused = Atomic<Int>(0)
  var pointer: UnsafeMutablePointer<EndingValueTests.Value>?

  /// Runs the body on three threads of their own, which start together.
  func run(_ body: @escaping @Sendable (_ index: Int) -> Void) {
    let group = DispatchGroup()
    for index in 0..<3 {
      group.enter()
      Thread.detachNewThread {
        self.ready.add(1, ordering: .acquiringAndReleasing)
        while self.ready.load(ordering: .acquiring) < 3 { sched_yield() }
        body(index)
        group.leave()
      }
    }
    group.wait()
  }

  private let ready = Atomic<Int>(0)
}
