@testable import SlabMalloc

/// The reference model of a process with several heaps: a dictionary of live objects. Whatever is done to it must
/// answer what the model knows. Each object holds stamps at both ends, which must be there when it goes.
final class HeapModel {
  struct Object {
    /// What was asked for, and what it got.
    var size: UInt
    var usable: UInt
    var stamp: UInt64
    /// The explicit heap that it is of.
    var explicit: HeapPointer?
  }

  struct Violation: Error {
    let text: String
  }

  let world: HeapWorld
  var random: SeededRandom
  var threads: [HeapPointer] = []
  var explicits: [HeapPointer] = []
  /// The live objects by address, and their addresses in no order.
  var objects: [UInt: Object] = [:]
  var addresses: [UInt] = []
  /// What was freed last: for double frees.
  var freed: [UInt] = []
  /// Where memory was refused.
  private(set) var refusals = 0
  private var stamps: UInt64 = 0

  init(_ world: HeapWorld, stream: UInt64) {
    self.world = world
    random = SeededRandom(stream: stream)
  }

  func fail(_ text: String) -> Violation { Violation(text: text) }

  func anyThread() -> HeapPointer { threads[random.below(threads.count)] }

  /// Takes a new object into the model. 0 is one that could not be, which must have a cause.
  func add(_ address: UInt, size: UInt, failuresBefore: Int, explicit: HeapPointer? = nil) throws {
    guard address != 0 else {
      if HeapSystem.current.failures == failuresBefore { throw fail("no memory for \(size) bytes, but no call failed") }
      refusals += 1
      return
    }
    let run = world.run(address)
    let usable = world.pool.usableSize(address, run)
    if address % 16 != 0 || usable < size { throw fail("\(size) bytes: \(usable) at \(String(address, radix: 16))") }
    if objects[address] != nil { throw fail("\(String(address, radix: 16)) was given twice") }
    stamps &+= 1
    let object = Object(size: size, usable: usable, stamp: stamps &* 0x9E37_79B9_7F4A_7C15, explicit: explicit)
    objects[address] = object
    addresses.append(address)
    stamp(address, object)
  }

  private func word(_ address: UInt) -> UnsafeMutablePointer<UInt64> { UnsafeMutablePointer(bitPattern: address)! }

  private func stamp(_ address: UInt, _ object: Object) {
    word(address).pointee = object.stamp
    if object.usable >= 16 { word(address + object.usable - 8).pointee = ~object.stamp }
  }

  func check(_ address: UInt, _ object: Object) throws {
    let isWhole = object.usable < 16 || word(address + object.usable - 8).pointee == ~object.stamp
    if word(address).pointee != object.stamp || !isWhole {
      throw fail("\(String(address, radix: 16)) of \(object.usable) bytes was overwritten")
    }
  }

  /// Takes any object out of the model.
  func remove() throws -> (address: UInt, object: Object) {
    addresses.swapAt(random.below(addresses.count), addresses.count - 1)
    let address = addresses.removeLast()
    guard let object = objects.removeValue(forKey: address) else { throw fail("the model lost an object") }
    try check(address, object)
    return (address, object)
  }

  /// Puts one back that stays.
  func restore(_ address: UInt, _ object: Object) {
    objects[address] = object
    addresses.append(address)
  }

  /// Forgets what was freed with a heap; returns how many there were.
  func forget(of heap: HeapPointer) throws -> UInt {
    let gone = addresses.filter { objects[$0]?.explicit == heap }
    for address in gone {
      try check(address, objects[address]!)
      objects[address] = nil
    }
    addresses.removeAll { objects[$0] == nil }
    return UInt(gone.count)
  }

  /// Everything at once: invariants, stamps, and that no live objects overlap.
  func checkAll() throws {
    if let text = world.violation() ?? HeapSystem.current.errors.first { throw fail(text) }
    var end: UInt = 0
    for address in addresses.sorted() {
      guard let object = objects[address] else { throw fail("the model lost an object") }
      if address < end { throw fail("\(String(address, radix: 16)) overlaps the object before it") }
      end = address + object.usable
      try check(address, object)
    }
    let counts = world.pool.pointee.counts
    let large = addresses.count { world.run($0).pointee.kind == .large }
    if counts.largeLive != UInt(large) { throw fail("largeLive is \(counts.largeLive), not \(large)") }
    let reports = world.reports
    if !reports.isEmpty { throw fail("misuse was told of: \(reports)") }
  }
}
