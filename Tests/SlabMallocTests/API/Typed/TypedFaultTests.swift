import SlabMalloc
import XCTest

/// A provider or source that fails at the n-th call: a typed error, every value ended once, and nothing leaked.
final class TypedFaultTests: XCTestCase {
  /// Uses each container once, and goes on after a refusal. Returns the reasons that were thrown.
  private func work<Source: MemorySource>(in source: Source, _ log: Tracked.Log) -> [AllocationError.Reason]
  where Source: ~Escapable {
    var reasons: [AllocationError.Reason] = []
    var made = 0
    func next() -> Tracked {
      made += 1
      return Tracked(made, log)
    }
    func note(_ body: () throws(AllocationError) -> Void) {
      do throws(AllocationError) { try body() } catch { reasons.append(error.reason) }
    }
    note { () throws(AllocationError) in _ = try BoxIn(next(), in: source) }
    note { () throws(AllocationError) in
      var buffer = try BufferIn(count: 100, in: source) { _ in next() }
      try buffer.resize(to: 3000) { _ in next() }
      try buffer.resize(to: 7) { _ in next() }
      try buffer.resize(to: 200) { _ in next() }
    }
    note { () throws(AllocationError) in
      var pool = PoolIn<Tracked, Source>(in: source)
      var handles: [PoolIn<Tracked, Source>.Handle] = []
      for _ in 0..<10_000 { handles.append(try pool.insert(next())) }
      for handle in handles where handle.hashValue & 1 == 0 { try pool.remove(handle) }
      pool.removeAll()
      for _ in 0..<1000 { try pool.insert(next()) }
    }
    note { () throws(AllocationError) in
      var arena = try ArenaIn(in: source)
      for _ in 0..<3 {
        for _ in 0..<100 { _ = try BoxIn(next(), in: arena.source) }
        _ = try arena.buffer(count: 1000) { _ in next() }
        arena.reset()
      }
    }
    XCTAssertEqual(log.ended.count, made, "each value ends once")
    XCTAssertEqual(Set(log.ended).count, made)
    return reasons
  }

  func testASourceThatFailsAtEachCall() {
    var call = 0
    var refusals = 0
    repeat {
      call += 1
      var reasons: [AllocationError.Reason] = []
      let counter = CountingSource.with(refusing: call) { source in reasons = work(in: source, Tracked.Log()) }
      XCTAssertTrue(counter.live.isEmpty, "call \(call): \(counter.live.count) leaked")
      XCTAssertEqual(counter.errors, [], "call \(call)")
      // An arena tries a smaller chunk.
      XCTAssertTrue(reasons.isEmpty || reasons == [.outOfMemory], "call \(call): \(reasons)")
      refusals += reasons.count
      if counter.allocations < call { break }
    } while true
    XCTAssertGreaterThan(refusals, 20)
  }

  func testAProviderThatFailsAtEachCall() throws {
    for page in [nil, PageSize.kib16, .kib64] {
      var call = 0
      var isReached = true
      while isReached {
        call += 1
        let provider = FaultyProvider()
        // A refusal is asked for its reason, which tries once more.
        provider.fault = { [call] now, _ in now == call || now == call + 1 ? .outOfMemory : .none }
        do throws(AllocationError) {
          let zone = try Zone(provider: provider.provider(pageSize: page))
          let reasons = work(in: zone.source, Tracked.Log())
          XCTAssertTrue(reasons.allSatisfy { $0 == .outOfMemory }, "call \(call): \(reasons)")
          XCTAssertEqual(zone.statistics.objects, 0, "call \(call)")
        } catch {
          XCTAssertEqual(error, .outOfMemory)
          XCTAssertEqual(call, 1, "the zone's own page is the first")
        }
        isReached = provider.allocateCalls >= call
        XCTAssertEqual(provider.pagesOut, 0, "call \(call)")
        XCTAssertEqual(provider.errors, [], "call \(call)")
      }
      XCTAssertGreaterThan(call, 3)
    }
  }

  func testAProviderThatGivesAMisalignedPage() {
    let provider = FaultyProvider()
    provider.fault = { call, _ in call == 1 ? .address(4096 + 32) : .none }
    var released: [UInt] = []
    withExtendedLifetime(provider) {
      provider.duringRelease = { released.append(1) }
      XCTAssertEqual(
        errorOf { () throws(AllocationError) in _ = try Zone(provider: provider.provider()) }, .badPage)
    }
    XCTAssertEqual(provider.releaseCalls, 1, "it went back")
  }

  func testACacheWhoseProviderFails() throws {
    let provider = FaultyProvider()
    let log = Tracked.Log()
    // A refusal is asked for its reason, which tries once more.
    provider.fault = { call, _ in call == 2 || call == 3 ? .outOfMemory : .none }
    do {
      let cache = try Cache<Tracked>(provider: provider.provider())
      let error = errorOf { () throws(AllocationError) in _ = try cache.box(Tracked(1, log)) }
      XCTAssertEqual(error, .outOfMemory)
      XCTAssertEqual(error?.layout, Layout(of: Tracked.self))
      XCTAssertEqual(log.ended, [1])
      XCTAssertNoThrow(try cache.box(Tracked(2, log)).value.number)
    }
    XCTAssertEqual(log.ended, [1, 2])
    XCTAssertEqual(provider.pagesOut, 0)
  }
}
