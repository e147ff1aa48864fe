/// What a hardened zone has besides. It lies in the zone's storage, behind all else:
///
///     | Zone | bins | directBins | Hardening | Quarantine of bin 0 | ... | Quarantine of bin n-1 |
///
/// and a slot of a hardened zone ends with a canary, a word:
///
///     | usable bytes | canary |        the whole slot is 0 while it is free
struct Hardening {
  var secret: UInt
  var random: SplitMix
  /// Slots that were written while they were free, and are never used again.
  var retired: UInt
  /// Why the latest allocation that failed did.
  var failure: Status
}

typealias HardeningPointer = UnsafeMutablePointer<Hardening>

extension UnsafeMutablePointer where Pointee == Hardening {
  func initialize() {
    initialize(
      to: Hardening(
        secret: 0, random: SplitMix(state: Platform.random() ^ UInt64(UInt(bitPattern: self))), retired: 0, failure: ok)
    )
    // Of a generator of its own: who reads a canary knows nothing of the other's numbers.
    var random = SplitMix(state: Platform.random() ^ pointee.random.next())
    pointee.secret = Canary.secret(&random)
  }

  /// A random number below a limit that has at most 32 bits.
  func random(below limit: UInt) -> UInt {
    UInt(truncatingIfNeeded: ((pointee.random.next() &>> 32) &* UInt64(limit)) &>> 32)
  }

  /// What the canary at an address must be.
  @inline(__always) func canary(at address: UInt) -> UInt { Canary.word(pointee.secret, at: address) }
}
