/// The canary: the word that ends a slot in profile hardened while its object is used. A deallocation checks it and
/// reports an overflow if it has changed.
///
///     key of a slab = secret and slab, mixed
///     canary        = key ^ the canary's address, its first byte 0
///
///     | object: a string that fills it ... | 0 | 7 bytes of the canary |
///                                            the string ends here
///
/// Whatever reads a string that fills its slot stops at the first byte, and shows nothing of the canary. Who reads a
/// canary by other means knows those of its slab, and of no other. A 0 that is written over the first byte changes
/// nothing, and is not detected.
enum Canary {
  @inline(__always) static var size: UInt { UInt(MemoryLayout<UInt>.size) }

  static func secret(_ random: inout SplitMix) -> UInt { UInt(truncatingIfNeeded: random.next()) }

  /// The key of a slab, by its address or its number: both halves of a product, folded. A program that has learned a
  /// key cannot easily compute the secret from it.
  @inline(__always) static func key(_ secret: UInt, of slab: UInt) -> UInt {
    let half = UInt(UInt.bitWidth / 2)
    let (high, low) = (secret ^ slab).multipliedFullWidth(by: (secret &<< half | secret &>> half) | 1)
    return high ^ low
  }

  @inline(__always) static func word(_ key: UInt, at address: UInt) -> UInt { (key ^ address) & ~0xFF }

  /// The last word of a slot.
  @inline(__always) static func place(_ slot: UInt, _ slotSize: UInt) -> UnsafeMutablePointer<UInt> {
    unsafeBitCast(
      UnsafeMutablePointer<UInt>(bitPattern: slot &+ slotSize &- size), to: UnsafeMutablePointer<UInt>.self)
  }
}
