import CSlabmalloc

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
  /// What is left of a random number, and a 1 above it.
  var bits: UInt64
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
        secret: 0, random: SplitMix(state: Platform.random() ^ UInt64(UInt(bitPattern: self))), bits: 0, retired: 0,
        failure: .ok))
    // Of a generator of its own: who reads a canary knows nothing of the other's numbers.
    var random = SplitMix(state: Platform.random() ^ pointee.random.next())
    pointee.secret = Canary.secret(&random)
  }

  /// So many random bits, at most 62. A random number serves several calls, so that half of them have it for a shift.
  @inline(__always) func randomBits(_ count: UInt64) -> UInt {
    var bits = pointee.bits
    if bits &>> count == 0 { bits = pointee.random.next() | 1 &<< 63 }
    pointee.bits = bits &>> count
    return UInt(truncatingIfNeeded: bits & (1 &<< count &- 1))
  }

  /// What the canary at an address must be.
  @inline(__always) func canary(at address: UInt) -> UInt { Canary.word(pointee.secret, at: address) }
}
