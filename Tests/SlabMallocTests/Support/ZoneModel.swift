@testable import SlabMalloc

/// The reference model of a zone: a dictionary of live ranges. Every operation goes to both, and what the zone answers
/// must be what the model knows. Each object holds stamps at both ends of its slot, which must be there when it goes.
final class ZoneModel {
  struct Object {
    var size: UInt
    var alignment: UInt
    /// nil if it has a run of its own.
    var index: UInt?
    var stamp: UInt64
    /// Bytes of its slot that are its.
    var usable: UInt
  }

  /// What went wrong, and where in the sequence.
  struct Violation: Error {
    let text: String
  }

  let test: TestZone
  let supply: TestZone.Supply
  var zone: ZonePointer { test.zone }
  var random: SeededRandom
  /// The live objects by address, and their addresses in no order.
  var objects: [UInt: Object] = [:]
  var addresses: [UInt] = []
  private var stamps: UInt64 = 0
  private(set) var refusals = 0
  /// Writes to freed memory, of which some are found.
  var written: UInt = 0
  var retired: UInt { zone.pointee.hardening?.pointee.retired ?? 0 }

  init(page: PageSize, supply: TestZone.Supply = .pull, profile: Profile = .checked, stream: UInt64 = 0) {
    test = TestZone(page: page, supply: supply, profile: profile)
    self.supply = supply
    random = SeededRandom(stream: stream)
    var chance = SeededRandom(stream: stream + 1000)
    // A few calls fail, and large pages are few.
    test.provider.fault = { [unowned self] _, bytes in
      let fails = chance.below(50) == 0 || bytes == PageSize.large.bytes && test.provider.pagesOut(.large) >= 50
      if fails { refusals += 1 }
      return fails ? .outOfMemory : .none
    }
  }

  /// The largest size there is: a large page where there is a provider. Nobody pushes runs.
  var largest: UInt { (supply == .pull ? PageSize.large.size : maxSize) - zone.canarySize }

  /// Whether the zone can serve a layout: from a class, or by a run.
  func isServable(size: UInt, alignment: UInt) -> Bool {
    zone.classIndex(size: size, alignment: alignment) != nil
      || supply == .pull && size <= largest && alignment <= PageSize.large.size
  }

  func fail(_ text: String) -> Violation { Violation(text: text) }

  func expect(_ status: Status, _ expected: Status, _ what: @autoclosure () -> String) throws {
    if status != expected { throw fail("\(what()): status \(status), not \(expected)") }
  }

  /// A new object, or nil if memory is out, which must have a cause.
  func allocate(size: UInt, alignment: UInt, plain: Bool) throws -> UInt? {
    let before = refusals
    let retiredBefore = retired
    let address = plain ? test.allocate(size) : test.allocate(size, alignment: alignment).address
    guard let address else {
      if retired == retiredBefore + 1 { return nil }
      try checkOutOfMemory(size: size, alignment: alignment, refused: refusals != before)
      return nil
    }
    try add(address, size: size, alignment: alignment)
    return address
  }

  /// Memory may be out only if the provider refused, or a zone is handed its pages, and only if all slots of the class
  /// are in use.
  private func checkOutOfMemory(size: UInt, alignment: UInt, refused: Bool) throws {
    if !isServable(size: size, alignment: alignment) {
      guard supply == .push else { throw fail("no class for \(size) \(alignment)") }
      return
    }
    if supply == .pull, !refused { throw fail("\(size) \(alignment): out of memory, but the provider did not refuse") }
    guard let index = zone.classIndex(size: size, alignment: alignment) else { return }
    let statistics = zone.statistics(of: index)
    // Slots that are retired are neither live nor free.
    let accounted = statistics.slotsLive + Int(retired)
    if accounted < slots(of: index) {
      throw fail("\(size) \(alignment): out of memory, but slots are free: \(statistics)")
    }
    if supply == .push { _ = test.refill(size, alignment: alignment) }
  }

  /// All slots of a class. Slabs that lodge tables have fewer.
  private func slots(of index: UInt) -> Int {
    var count = 0
    zone.forEachSlab { if UInt($0.pointee.binIndex) == index { count += Int($0.slots) } }
    return count
  }

  func add(_ address: UInt, size: UInt, alignment: UInt) throws {
    let index = zone.classIndex(size: size, alignment: alignment)
    if !isServable(size: size, alignment: alignment) { throw fail("served \(size) \(alignment)") }
    if address & (alignment - 1) != 0 {
      throw fail("\(size) \(alignment): \(String(address, radix: 16)) is misaligned")
    }
    stamps &+= 1
    let object = Object(
      size: size, alignment: alignment, index: index, stamp: stamps &* 0x9E37_79B9_7F4A_7C15,
      usable: (index.map { SizeClass.slotSize($0) } ?? PageSize.large.size) - zone.canarySize)
    if objects.updateValue(object, forKey: address) != nil {
      throw fail("\(String(address, radix: 16)) was given twice")
    }
    addresses.append(address)
    word(address).pointee = object.stamp
    word(address + object.usable - 8).pointee = object.stamp
  }

  func word(_ address: UInt) -> UnsafeMutablePointer<UInt64> { UnsafeMutablePointer(bitPattern: address)! }

  /// Takes an object out of the model after a look at its stamps.
  func remove(at position: Int) throws -> (address: UInt, object: Object) {
    let address = addresses[position]
    addresses[position] = addresses[addresses.count - 1]
    addresses.removeLast()
    guard let object = objects.removeValue(forKey: address) else { throw fail("the model lost an object") }
    try checkStamps(address, object)
    return (address, object)
  }

  func checkStamps(_ address: UInt, _ object: Object) throws {
    if word(address).pointee != object.stamp || word(address + object.usable - 8).pointee != object.stamp {
      throw fail("\(String(address, radix: 16)) of class \(object.usable) was overwritten")
    }
  }

  /// Everything at once: the zone's invariants, its counts, and that no live ranges overlap.
  func checkAll() throws {
    if let violation = zone.violation() { throw fail("\(violation.text) at \(violation.address)") }
    if retired > written { throw fail("\(retired) slots are retired, but \(written) were written") }
    var bytes: UInt = 0
    var end: UInt = 0
    for address in addresses.sorted() {
      guard let object = objects[address] else { throw fail("the model lost an object") }
      if address < end { throw fail("\(String(address, radix: 16)) overlaps the object before it") }
      end = address + object.usable
      bytes += object.usable + zone.canarySize
      try checkStamps(address, object)
    }
    let live = zone.live
    if live != (UInt(addresses.count), bytes) { throw fail("live \(live), not \((addresses.count, bytes))") }
    if !test.provider.errors.isEmpty { throw fail(test.provider.errors[0]) }
  }
}
