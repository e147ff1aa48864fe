/// The quarantine of a bin in a hardened zone: freed slots wait here before they are allocated again. A use after free
/// meets clear and unused memory, and a program cannot foresee when a slot is reused.
///
///     | random 0 ... length-1 | queue 0 ... length-1 |       an address, or 0
///
/// A freed slot takes a random place of the first half. The slot that was there enters the queue, first in, first out.
/// The slot that the queue evicts is available again. A slot therefore waits for at least `length` other frees of its
/// class, and nobody knows for how many.
///
/// A waiting slot is pending in its slab's words: it is not available and not live, and all checks see it as free.
enum Quarantine {
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

  @inline(__always) static func size(length: UInt) -> Int { 2 * Int(length) * MemoryLayout<UInt>.stride }
}

/// A hardened zone opens no words. Its bins keep the state of their quarantine where others keep that of a word:
/// `stretch` is the length, and `cursor` is the place in the queue that was filled first.
extension UnsafeMutablePointer where Pointee == Bin {
  func initializeQuarantine(_ offset: Int) {
    pointee.quarantineOffset = UInt16(truncatingIfNeeded: offset)
    pointee.stretch = UInt8(truncatingIfNeeded: Quarantine.length(slotSize: pointee.slotSize))
    pointee.cursor = 0
    quarantined.initialize(repeating: 0, count: quarantineCount)
  }

  /// The places of both halves.
  @inline(__always) var quarantined: UnsafeMutablePointer<UInt> {
    UnsafeMutableRawPointer(self).advanced(by: Int(pointee.quarantineOffset)).assumingMemoryBound(to: UInt.self)
  }

  var quarantineCount: Int { 2 * Int(pointee.stretch) }

  /// Inserts a freed slot. Returns the slot that it evicts, which has waited long enough, or 0.
  @inline(__always) func quarantine(_ slot: UInt, _ hardening: HardeningPointer) -> UInt {
    let length = UInt(pointee.stretch)
    let random = quarantined + Int(hardening.randomBits(4) & (length &- 1))
    let moved = random.pointee
    random.pointee = slot
    guard moved != 0 else { return 0 }
    let queue = quarantined + Int(length &+ UInt(pointee.cursor))
    let evicted = queue.pointee
    queue.pointee = moved
    pointee.cursor = (pointee.cursor &+ 1) & (pointee.stretch &- 1)
    return evicted
  }

  /// Ends the quarantine: makes all its slots available, because they are needed. `slabAround` finds the slab of a
  /// slot.
  @inline(never) func endQuarantine(_ hardening: HardeningPointer, _ slabAround: (UInt) -> SlabPointer?) {
    for place in 0..<quarantineCount where quarantined[place] != 0 {
      let slot = quarantined[place]
      quarantined[place] = 0
      guard let slab = slabAround(slot), slab.isIntact(hardening) else {
        hardening.pointee.retired &+= 1
        continue
      }
      slab.makeAvailable(slab.slot(at: slot).index)
      update(slab, used: slab.used &- 1)
    }
    pointee.cursor = 0
  }
}
