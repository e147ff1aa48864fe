import CSlabPort

/// The number of the last object at each address: an open hash table in pages of its own. Entries are never removed,
/// since a second free must find what the first one freed.
///
///     | address | number | size * 2 + 1 if live | address | ...
///       0: an empty slot
///
/// The bits of an address are inverted here: who looks for what points to an object does not find this.
struct TraceTable {
  struct Entry {
    /// Inverted.
    var address: UInt
    var number: UInt
    var sizeAndLive: UInt

    var isLive: Bool { sizeAndLive & 1 == 1 }
    var size: UInt { sizeAndLive >> 1 }
  }
  typealias EntryPointer = UnsafeMutablePointer<Entry>

  private var entries: EntryPointer?
  /// A power of two.
  private var capacity: UInt = 0
  private var count: UInt = 0

  private static var firstCapacity: UInt { 1 << 12 }

  /// The entry of an address, nil if nothing was ever there.
  func find(_ address: UInt) -> EntryPointer? {
    guard let entries, ~address != 0 else { return nil }
    let slot = Self.probe(~address, entries, capacity)
    return slot.pointee.address == ~address ? slot : nil
  }

  /// Notes a live object. False if there is no memory.
  mutating func insert(_ address: UInt, number: UInt, size: UInt) -> Bool {
    if (count + 1) * 4 > capacity * 3, !grow() { return false }
    guard let entries else { return false }
    let slot = Self.probe(~address, entries, capacity)
    if slot.pointee.address == 0 { count += 1 }
    slot.pointee = Entry(address: ~address, number: number, sizeAndLive: size << 1 | 1)
    return true
  }

  mutating func dispose() {
    if let entries { slm_port_unmap(entries, Self.bytes(capacity)) }
    self = TraceTable()
  }

  private mutating func grow() -> Bool {
    let wider = capacity == 0 ? Self.firstCapacity : capacity * 2
    guard let memory = slm_port_map(Self.bytes(wider)) else { return false }
    let new = memory.bindMemory(to: Entry.self, capacity: Int(wider))
    if let entries {
      for index in 0..<Int(capacity) where entries[index].address != 0 {
        Self.probe(entries[index].address, new, wider).pointee = entries[index]
      }
      slm_port_unmap(entries, Self.bytes(capacity))
    }
    entries = new
    capacity = wider
    return true
  }

  private static func bytes(_ capacity: UInt) -> Int { Int(capacity) * MemoryLayout<Entry>.stride }

  /// The slot of an inverted address, or the empty slot where it belongs.
  private static func probe(_ address: UInt, _ entries: EntryPointer, _ capacity: UInt) -> EntryPointer {
    // Fibonacci hashing: the upper bits of the product depend on all of the address.
    var index = address &* 0x9E37_79B9_7F4A_7C15 >> 20 & (capacity - 1)
    while entries[Int(index)].address != 0, entries[Int(index)].address != address {
      index = (index + 1) & (capacity - 1)
    }
    return entries + Int(index)
  }
}
