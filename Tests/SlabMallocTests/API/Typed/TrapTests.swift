import SlabMalloc
import Testing

/// What cannot throw ends the program, with the allocator's line.
@Suite struct TrapTests {
  private func text(_ result: ExitTest.Result?) throws -> String {
    String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
  }

  @Test func aStaleHandleTraps() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = Pool<Int>()
      let handle = try pool.insert(1)
      try pool.remove(handle)
      print(pool[handle])
    }
    #expect(try text(result).contains("slabmalloc: doubleFree: the object was already deallocated."))
  }

  @Test func anIndexOutOfRangeTraps() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let buffer = try Buffer(repeating: 1, count: 3)
      print(buffer[3])
    }
    #expect(try text(result).contains("slabmalloc: index out of range of a buffer"))
  }

  @Test func aBoxWhoseEndWasOverwrittenTraps() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let zone = try Zone(provider: .mmap, profile: .hardened)
      let box = try zone.box((1, 2, 3))
      UnsafeMutableRawPointer(box.address).storeBytes(of: UInt64.max, toByteOffset: 24, as: UInt64.self)
      print(box.value)
    }
    #expect(try text(result).contains("slabmalloc: overflow (24 bytes, aligned to 8): memory past the end"))
  }

  @Test func fewerThanNoElementsTrap() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var buffer = try Buffer(repeating: 1, count: 3)
      try buffer.resize(to: -1) { $0 }
    }
    #expect(try text(result).contains("slabmalloc: a buffer cannot have fewer than 0 elements"))
  }
}
