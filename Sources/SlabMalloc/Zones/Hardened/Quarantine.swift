/// Freed slots of a class that must wait before they are handed out again, in a hardened zone.
///
///     | length, oldest | random 0 ... length-1 | queue 0 ... length-1 |       an address, or 0
///
/// A freed slot takes a random place of the first half; what was there goes to the queue, first in first out, and what
/// leaves the queue is available again. So a slot waits for `length` other frees of its class at least, and nobody
/// knows for how many.
///
/// A slot that waits is pending in its slab's words: not available, not live, and free for all checks.
struct Quarantine {
  /// A power of two, at most `longest`.
  var length: UInt16
  /// The place of the queue that was filled first.
  var oldest: UInt16
}

typealias QuarantinePointer = UnsafeMutablePointer<Quarantine>

extension Quarantine {
  /// Slots in each half: what waits has 4 KiB in classes up to 128 bytes, at most 64 KiB up to 8 KiB, and two slots
  /// above.
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

  /// Takes a slot in, at a random place below `length`; returns the one that has waited long enough, or 0.
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

  /// Lets every slot go.
  func removeAll(_ body: (UInt) -> Void) {
    for place in 0..<2 * Int(pointee.length) where entries[place] != 0 {
      let slot = entries[place]
      entries[place] = 0
      body(slot)
    }
    pointee.oldest = 0
  }
}
