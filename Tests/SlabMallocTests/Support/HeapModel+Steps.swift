import CSlabPort

@testable import SlabMalloc

/// What a random workload does.
extension HeapModel {
  /// Which sizes it asks for.
  struct Sizes {
    /// The largest is below 2 to this power, or its small ones are, of which there are most.
    var small = 11
    var large = 20
    /// One of so many is large.
    var rarity = 8

    func next(_ random: inout SeededRandom) -> UInt {
      let bits = 1 + random.below(random.below(rarity) == 0 ? large : small)
      return 1 + UInt(random.below(1 << bits))
    }
  }

  /// Does steps, more objects and fewer by turns, and looks at everything after each of so many. What went wrong, as
  /// text.
  func run(steps: Int, checkEach: Int, live: Int, sizes: Sizes = Sizes()) -> String? {
    for step in 0..<steps {
      do {
        try self.step(grows: random.below(10) < (step / (2 * live) % 2 == 0 ? 7 : 3) && addresses.count < live, sizes)
        if step % checkEach == 0 { try checkAll() }
      } catch {
        return "step \(step), \(SeededRandom.hint): \((error as? Violation)?.text ?? "\(error)")"
      }
    }
    return nil
  }

  private func step(grows: Bool, _ sizes: Sizes) throws {
    HeapSystem.current.now += UInt64(random.below(8))
    switch random.below(200) {
    case 0: try takeThread()
    case 1: endThread()
    case 2: takeExplicit()
    case 3: try destroyExplicit()
    case 4: _ = world.pool.purgeAll()
    case 5...8: _ = threads.isEmpty ? false : anyThread().collectRemote()
    case 9...14: try misuse()
    case 15...30: try reallocate(sizes)
    case 31...35 where sizes.large > 20: try moveLarge()
    default: if grows { try allocate(sizes) } else { try free() }
    }
  }

  private func takeThread() throws {
    guard threads.count < 5 else { return }
    let before = HeapSystem.current.failures
    if let heap = world.takeHeap() {
      threads.append(heap)
    } else if HeapSystem.current.failures == before {
      throw fail("no heap, but no call failed")
    }
  }

  private func endThread() {
    if threads.count > 1 { world.end(threads.remove(at: random.below(threads.count))) }
  }

  private func takeExplicit() {
    if explicits.count < 2, let heap = world.takeExplicit() { explicits.append(heap) }
  }

  private func destroyExplicit() throws {
    guard !explicits.isEmpty else { return }
    let heap = explicits.remove(at: random.below(explicits.count))
    let expected = try forget(of: heap)
    let live = world.destroy(heap)
    if live != expected { throw fail("\(live) objects were destroyed, not \(expected)") }
  }

  private func allocate(_ sizes: Sizes) throws {
    if threads.isEmpty { return try takeThread() }
    let explicit = random.below(8) == 0 ? explicits.first : nil
    let heap = explicit ?? anyThread()
    let size = sizes.next(&random)
    let before = HeapSystem.current.failures
    slm_port_set_errno(0)
    let address: UInt
    switch random.below(8) {
    case 0:
      let alignment: UInt = 1 << UInt(random.below(19))
      address = heap.allocate(size, alignment: alignment)
      if address % alignment != 0 { throw fail("\(size) bytes at \(alignment): \(String(address, radix: 16))") }
    case 1:
      address = heap.allocateZeroed(size)
      if address != 0, !isZero(address, size) { throw fail("\(size) zeroed bytes are not 0") }
    default: address = UInt(bitPattern: heap.allocate(size))
    }
    if address == 0, slm_port_errno() != slm_port_no_memory() { throw fail("errno is \(slm_port_errno())") }
    try add(address, size: size, failuresBefore: before, explicit: explicit)
  }

  private func isZero(_ address: UInt, _ size: UInt) -> Bool {
    let bytes = UnsafePointer<UInt8>(bitPattern: address)!
    return stride(from: 0, to: Int(size), by: 61).allSatisfy { bytes[$0] == 0 } && bytes[Int(size) - 1] == 0
  }

  private func free() throws {
    guard !addresses.isEmpty, !threads.isEmpty else { return }
    let (address, object) = try remove()
    let status: Status
    if let explicit = object.explicit, random.below(2) == 0 {
      status = explicit.own.deallocate(address)
    } else {
      status = world.free(address, by: anyThread())
    }
    if status != .ok { throw fail("\(String(address, radix: 16)) of \(object.usable) bytes was not freed: \(status)") }
    freed.append(address)
    if freed.count > 20 { freed.removeFirst() }
  }

  private func reallocate(_ sizes: Sizes) throws {
    guard !addresses.isEmpty, !threads.isEmpty else { return }
    let (address, object) = try remove()
    try reallocate(
      address, object, random.below(4) == 0 ? object.size + UInt(random.below(200_000)) : sizes.next(&random))
  }

  /// Two objects side by side, the first of which grows.
  private func moveLarge() throws {
    guard !threads.isEmpty else { return }
    for _ in 0..<2 {
      let before = HeapSystem.current.failures
      let address = UInt(bitPattern: anyThread().allocate(1 << 20))
      try add(address, size: 1 << 20, failuresBefore: before)
    }
    guard addresses.count > 1 else { return }
    let address = addresses.remove(at: addresses.count - 2)
    let object = objects.removeValue(forKey: address)!
    try reallocate(address, object, 3 << 20)
  }

  private func reallocate(_ address: UInt, _ object: Object, _ size: UInt) throws {
    let before = HeapSystem.current.failures
    slm_port_set_errno(0)
    // An explicit heap's own thread, or any other one.
    let new: UInt
    if let explicit = object.explicit, random.below(2) == 0 {
      new = explicit.own.reallocate(address, size, alignment: 1)
    } else {
      new = anyThread().reallocate(address, size)
    }
    guard new != 0 else {
      if slm_port_errno() != slm_port_no_memory() { throw fail("errno is \(slm_port_errno())") }
      if size <= object.usable { throw fail("\(object.usable) bytes didn't stay for \(size)") }
      try check(address, object)
      restore(address, object)
      return try add(0, size: size, failuresBefore: before)
    }
    if slm_port_errno() != 0 { throw fail("errno is \(slm_port_errno())") }
    if !world.pool.matches(new, world.run(new), size: size, alignment: 1) { throw fail("\(size) is no right size") }
    let first = UnsafePointer<UInt64>(bitPattern: new)!.pointee
    if size >= 8, object.usable >= 8, first != object.stamp { throw fail("the content didn't move along") }
    // It never leaves its heap.
    try add(new, size: size, failuresBefore: before, explicit: object.explicit)
  }

  /// A pointer that is no live object's is refused, and nothing changes.
  private func misuse() throws {
    guard let address = addresses.last, !threads.isEmpty else { return }
    if world.free(address + 8, by: anyThread()) == .ok { throw fail("a pointer into an object was freed") }
    var expected = 1
    if let gone = freed.last, objects[gone] == nil,
      !addresses.contains(where: { $0 < gone && gone < $0 + objects[$0]!.usable })
    {
      if world.free(gone, by: anyThread()) == .ok { throw fail("\(String(gone, radix: 16)) was freed twice") }
      expected += 1
    }
    let reports = world.reports
    if reports.count != expected { throw fail("\(reports.count) reports of \(expected)") }
  }
}
