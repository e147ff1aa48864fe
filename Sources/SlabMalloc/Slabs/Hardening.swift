/// What a hardened zone has besides. It lies in the zone's storage, behind all else:
///
///     | Zone | bins | directBins | Hardening | Quarantine of bin 0 | ... | Quarantine of bin n-1 |
///
/// and a slot of a hardened zone ends with a canary, a word:
///
///     | usable bytes | canary = secret ^ the canary's address |        the whole slot is 0 while it is free
struct Hardening {
  var secret: UInt
  /// The state of the random numbers (SplitMix64: not for cryptography, but it starts with what the platform has).
  var state: UInt64
  /// Slots that were written while they were free, and are never used again.
  var retired: UInt
  /// Why the latest allocation that failed did.
  var failure: Status
}

typealias HardeningPointer = UnsafeMutablePointer<Hardening>

extension Hardening {
  /// Bytes of a canary.
  @inline(__always) static var canarySize: UInt { UInt(MemoryLayout<UInt>.size) }
}

extension UnsafeMutablePointer where Pointee == Hardening {
  func initialize() {
    initialize(
      to: Hardening(secret: 0, state: Platform.random() ^ UInt64(UInt(bitPattern: self)), retired: 0, failure: ok))
    pointee.secret = UInt(truncatingIfNeeded: Platform.random() ^ random())
  }

  @inline(never) private func random() -> UInt64 {
    pointee.state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = pointee.state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed &>> 31)
  }

  /// A random number below a limit that has at most 32 bits.
  func random(below limit: UInt) -> UInt {
    UInt(truncatingIfNeeded: ((random() &>> 32) &* UInt64(limit)) &>> 32)
  }

  /// What the canary at an address must be. Its first byte is never 0, so that the end of a string that is one byte too long is found.
  func canary(at address: UInt) -> UInt {
    let word = (pointee.secret ^ address).littleEndian
    return (word & 0xFF == 0 ? word | 0xFF : word).littleEndian
  }
}
