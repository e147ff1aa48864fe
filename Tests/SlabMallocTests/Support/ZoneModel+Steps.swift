@testable import SlabMalloc

/// The random sequence.
extension ZoneModel {
  /// So many operations; a look at everything after each `batch`. Says what went wrong.
  func run(operations: Int, batch: Int = 20_000) -> String? {
    for operation in 1...operations {
      do {
        // More and more objects for a while, then less and less.
        try step(grows: operation / 4000 % 2 == 0)
        if operation % batch == 0 || operation == operations { try checkAll() }
      } catch {
        return "operation \(operation): \((error as? Violation)?.text ?? "\(error)"); \(SeededRandom.hint)"
      }
    }
    return nil
  }

  private func step(grows: Bool) throws {
    let choice = random.below(1000)
    switch choice {
    case ..<(grows ? 480 : 280): try allocate()
    case ..<800: try deallocate(at: pick)
    case ..<880: try allocateForAShortTime()
    case ..<920: try misuse()
    case ..<950: try reallocate()
    case ..<970: try askAbout(pick)
    case ..<998: try batch()
    case 998: reclaim()
    default: try takePage()
    }
  }

  /// The position of some live object; nil if there is none.
  var pick: Int? { addresses.isEmpty ? nil : random.below(addresses.count) }

  /// Mostly small, sometimes up to the largest.
  func randomSize() -> UInt {
    switch random.below(100) {
    case ..<60: UInt(random.below(257))
    case ..<90: UInt(random.below(2049))
    case ..<98: UInt(random.below(16385))
    case 98: UInt(random.below(Int(maxSize - zone.canarySize) + 1))
    default: UInt(random.below(Int(random.below(4) == 0 ? largest : maxSize - zone.canarySize) + 1))
    }
  }

  /// Mostly up to a page, rarely up to the largest.
  private func randomAlignment() -> UInt { 1 << UInt(random.below(random.below(20) == 0 ? 22 : 13)) }

  private func allocate() throws {
    let size = randomSize()
    if random.below(8) == 0 {
      _ = try allocate(size: size, alignment: randomAlignment(), plain: false)
    } else {
      _ = try allocate(size: size, alignment: size <= 8 ? 8 : 16, plain: true)
    }
  }

  /// With and without its layout.
  func deallocate(at position: Int?) throws {
    guard let position else { return }
    let (address, object) = try remove(at: position)
    let isPlain = object.alignment <= 16 && zone.classIndex(size: object.size) == object.index
    let status =
      switch random.below(3) {
      case 0: zone.deallocate(address)
      case 1 where isPlain: zone.deallocate(address, size: object.size)
      default: zone.deallocate(address, size: object.size, alignment: object.alignment)
      }
    try expect(status, .ok, "deallocation of \(object)")
    // The slab may be one that a bin does not keep.
    guard random.below(16) == 0 else { return }
    let isKnown = zone.owns(address) || object.index == nil
    try expect(zone.deallocate(address), isKnown ? .doubleFree : .foreignPointer, "double free of \(object)")
  }

  /// What is freed soon after it was allocated takes a shorter way: nothing or one other operation lies between.
  private func allocateForAShortTime() throws {
    let size = randomSize()
    guard let address = try allocate(size: size, alignment: 8, plain: true) else { return }
    if random.below(2) == 0 { try step(grows: random.below(2) == 0) }
    if let position = addresses.lastIndex(of: address) { try deallocate(at: position) }
  }

  private func reallocate() throws {
    guard let position = pick else { return }
    let (address, object) = try remove(at: position)
    let size = randomSize()
    let retiredBefore = retired
    let old = UnsafeMutableRawPointer(bitPattern: address)
    var status = Status.ok
    guard
      let new = AnyZone(OpaquePointer(zone)).reallocate(
        old, size: size, alignment: object.alignment, status: &status)
    else {
      // The object is as it was. One that shrinks stays where it is if there is no memory.
      if size <= object.usable, status == .outOfMemory { throw fail("\(object) did not shrink to \(size)") }
      let why: Status = retired == retiredBefore ? .outOfMemory : .writeAfterFree
      try expect(status, why, "reallocation of \(object) to \(size)")
      try add(address, size: object.size, alignment: object.alignment)
      return
    }
    let kept = min(size, 8)
    let mask = lowBits(kept * 8)
    guard word(UInt(bitPattern: new)).pointee & mask == object.stamp & mask else {
      throw fail("reallocation lost data")
    }
    if new == old, size <= object.usable, zone.classIndex(size: size, alignment: object.alignment) != object.index {
      // It stayed. Its slot is as before.
      try add(address, size: object.size, alignment: object.alignment)
    } else {
      try add(UInt(bitPattern: new), size: size, alignment: object.alignment)
    }
  }

  private func askAbout(_ position: Int?) throws {
    guard let position else { return }
    let address = addresses[position]
    let object = objects[address]!
    if zone.usableSize(address) != object.usable { throw fail("usable size of \(object)") }
    if !zone.owns(address + UInt(random.below(Int(object.usable)))) { throw fail("\(object) is not owned") }
    let size = randomSize()
    let fits = size <= object.usable
    try expect(
      zone.resize(address, size: size), fits ? .ok : .cannotResize, "resize of \(object) to \(size)")
  }

  /// Many of one size at once, or many at once back.
  private func batch() throws {
    let count = 1 + random.below(20)
    var pointers = [UnsafeMutableRawPointer?](repeating: nil, count: count)
    if random.below(2) == 0 {
      let size = UInt(random.below(1025))
      let bin = zone.bin(zone.classIndex(size: size)!)
      let done = zone.allocateBatch(bin, count: count, into: &pointers)
      for pointer in pointers[..<done] { try add(UInt(bitPattern: pointer), size: size, alignment: 8) }
      return
    }
    var expected = 0
    for index in 0..<count where !addresses.isEmpty {
      pointers[index] = UnsafeMutableRawPointer(bitPattern: try remove(at: random.below(addresses.count)).address)
      expected += 1
    }
    var done = 0
    try expect(AnyZone(OpaquePointer(zone)).deallocateBatch(pointers, count: count, done: &done), .ok, "batch")
    if done != expected { throw fail("\(done) of \(expected) were given back") }
  }

  private func reclaim() {
    _ = zone.reclaim(test.page, atMost: random.below(20))
    _ = zone.reclaim(.large, atMost: random.below(4))
  }

  /// An empty page comes out and must be empty: it goes back to the provider, who holds it against what is out.
  private func takePage() throws {
    let page = random.below(2) == 0 ? test.page : .large
    guard let address = zone.takeEmptyPage(page) else { return }
    if addresses.contains(where: { $0 & ~page.mask == address }) { throw fail("a page in use came out") }
    if zone.owns(address) { throw fail("a page that went out is still owned") }
    test.provider.release(address, page.bytes)
  }
}
