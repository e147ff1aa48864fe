/// The quarantine of a size class in a hardened zone: freed slots wait here before they are allocated again. A use
/// after free meets clear and unused memory, and a program cannot foresee when a slot is reused.
///
///     | length, oldest | random 0 ... length-1 | queue 0 ... length-1 |       an address, or 0
///
/// A freed slot takes a random place of the first half. The slot that was there enters the queue, first in, first out.
/// The slot that the queue evicts is available again. A slot therefore waits for at least `length` other frees of its
/// class, and nobody knows for how many.
///
/// A waiting slot is pending in its slab's words: it is not available and not live, and all checks see it as free.
struct Quarantine {
  /// A power of two, at most `longest`.
  var length: UInt16
  /// The place in the queue that was filled first.
  var oldest: UInt16
}

typealias QuarantinePointer = UnsafeMutablePointer<Quarantine>

extension Quarantine {
  /// The number of slots in each half. The waiting slots of a class have at most 4 KiB up to 128 bytes a slot, and at
  /// most 64 KiB up to 8 KiB. Above that a class has two waiting slots.
  static func length(slotSize: UInt) -> UInt {
    slotSize <= 128 ? longest : slotSize <= 1024 ? 8 : slotSize <= 8192 ? 4 : 1
  }

  @inline(__always) static var longest: UInt { 16 }

  /// Bytes of the quarantines of all size classes of a zone.
  static var sizeOfAll: Int {
    var size = 0
    for index in 0..<SizeClass.count { size += self.size(length: length(slotSize: SizeClass.slotSize(index))) }
    return size
  }

  @inline(__always) static var largestSize: Int { size(length: longest) }

  @inline(__always) static func size(length: UInt) -> Int {
    headerSize + 2 * Int(length) * MemoryLayout<UInt>.stride
  }

  @inline(__always) fileprivate static var headerSize: Int { MemoryLayout<UInt>.stride }
}

extension UnsafeMutablePointer where Pointee == Quarantine {
  func initialize(length: UInt) {
    initialize(to: Quarantine(length: UInt16(truncatingIfNeeded: length), oldest: 0))
    entries.initialize(repeating: 0, count: Int(2 * length))
  }

  @inline(__always) var entries: UnsafeMutablePointer<UInt> {
    UnsafeMutableRawPointer(self).advanced(by: Quarantine.headerSize).assumingMemoryBound(to: UInt.self)
  }

  /// Inserts a slot at a random place below `length`. Returns the slot that it evicts, or 0.
  @inline(__always) func insert(_ slot: UInt, at place: UInt) -> UInt {
    let random = entries + Int(place)
    let moved = random.pointee
    random.pointee = slot
    guard moved != 0 else { return 0 }
    let queue = entries + Int(pointee.length) + Int(pointee.oldest)
    let evicted = queue.pointee
    queue.pointee = moved
    pointee.oldest = (pointee.oldest &+ 1) & (pointee.length &- 1)
    return evicted
  }

  /// Empties the quarantine and calls the body with every slot.
  func removeAll(_ body: (UInt) -> Void) {
    for place in 0..<2 * Int(pointee.length) where entries[place] != 0 {
      let slot = entries[place]
      entries[place] = 0
      body(slot)
    }
    pointee.oldest = 0
  }
}
