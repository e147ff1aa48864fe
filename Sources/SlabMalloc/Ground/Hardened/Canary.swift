/// The word that ends a slot in profile hardened while its object is used:
///
///     canary = secret ^ the canary's address
///
/// Of the secret's lowest bits, those that are 0 in every canary's address, one at least is 1. So a canary's first
/// byte, the lowest, is never 0, and a string that is one byte too long is found. One other byte is missed once in 224
/// times, on 32 bits in 192.
enum Canary {
  @inline(__always) static var size: UInt { UInt(MemoryLayout<UInt>.size) }

  static func secret(_ random: inout SplitMix) -> UInt {
    var secret: UInt = 0
    while secret & (size &- 1) == 0 { secret = UInt(truncatingIfNeeded: random.next()) }
    return secret
  }

  @inline(__always) static func word(_ secret: UInt, at address: UInt) -> UInt { secret ^ address }

  /// The last word of a slot.
  @inline(__always) static func place(_ slot: UInt, _ slotSize: UInt) -> UnsafeMutablePointer<UInt> {
    unsafeBitCast(
      UnsafeMutablePointer<UInt>(bitPattern: slot &+ slotSize &- size), to: UnsafeMutablePointer<UInt>.self)
  }
}
