import CSlabPort

/// A table of words by words, in pages of its own: sampled objects by address, stacks by their hash, places by address.
///
///     | key | value | key | value | ...        0: an empty slot
///
/// An open hash table with linear probing. A removal moves later entries up, and leaves no grave.
struct SampleTable {
  private struct Entry {
    var key: UInt
    var value: UInt
  }

  private var entries: UnsafeMutablePointer<Entry>?
  /// A power of two.
  private var capacity: UInt = 0
  private(set) var count: UInt = 0

  private static var firstCapacity: UInt { 1 << 10 }
  /// 32 MiB.
  private static var mostCapacity: UInt { 1 << 21 }

  func find(_ key: UInt) -> UInt? {
    guard let entries else { return nil }
    let slot = Self.probe(key, entries, capacity)
    return entries[slot].key == key ? entries[slot].value : nil
  }

  /// Adds a key that is not there, and is not 0. False if there is no memory, or the table has its limit.
  mutating func insert(_ key: UInt, _ value: UInt) -> Bool {
    if (count + 1) * 4 > capacity * 3, !grow() { return false }
    guard let entries else { return false }
    entries[Self.probe(key, entries, capacity)] = Entry(key: key, value: value)
    count += 1
    return true
  }

  /// Returns the value; nil if the key is not there.
  mutating func remove(_ key: UInt) -> UInt? {
    guard let entries, count != 0 else { return nil }
    var hole = Self.probe(key, entries, capacity)
    guard entries[hole].key == key else { return nil }
    let value = entries[hole].value
    let mask = Int(capacity) - 1
    var next = hole
    while true {
      next = (next + 1) & mask
      guard entries[next].key != 0 else { break }
      // An entry whose own slot lies behind the hole stays.
      let home = Self.home(entries[next].key, capacity)
      if (next - home) & mask < (next - hole) & mask { continue }
      entries[hole] = entries[next]
      hole = next
    }
    entries[hole] = Entry(key: 0, value: 0)
    count -= 1
    return value
  }

  mutating func dispose() {
    if let entries { slm_port_unmap(entries, Self.bytes(capacity)) }
    self = SampleTable()
  }

  private mutating func grow() -> Bool {
    let wider = capacity == 0 ? Self.firstCapacity : capacity * 2
    guard wider <= Self.mostCapacity, let memory = slm_port_map(Self.bytes(wider)) else { return false }
    let new = memory.bindMemory(to: Entry.self, capacity: Int(wider))
    if let entries {
      for index in 0..<Int(capacity) where entries[index].key != 0 {
        new[Self.probe(entries[index].key, new, wider)] = entries[index]
      }
      slm_port_unmap(entries, Self.bytes(capacity))
    }
    entries = new
    capacity = wider
    return true
  }

  private static func bytes(_ capacity: UInt) -> Int { Int(capacity) * MemoryLayout<Entry>.stride }

  /// Fibonacci hashing: the upper bits of the product depend on all of the key.
  private static func home(_ key: UInt, _ capacity: UInt) -> Int {
    Int(bitPattern: key &* 0x9E37_79B9_7F4A_7C15 >> 20 & (capacity - 1))
  }

  /// The slot of a key, or the empty slot where it belongs.
  private static func probe(_ key: UInt, _ entries: UnsafeMutablePointer<Entry>, _ capacity: UInt) -> Int {
    var slot = home(key, capacity)
    while entries[slot].key != 0, entries[slot].key != key { slot = (slot + 1) & Int(capacity - 1) }
    return slot
  }
}
