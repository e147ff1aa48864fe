/// The canary: the word that ends a slot in profile hardened while its object is used. A deallocation checks it and
/// reports an overflow if it has changed.
///
///     canary = secret ^ the canary's address
///
/// The lowest bits of every canary's address are 0, and the secret has at least one 1 among these bits. The first byte
/// of a canary, its lowest, is therefore never 0, and a string that is one byte too long is detected. Any other single
/// byte is missed once in 224 times, on 32 bits once in 192.
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
