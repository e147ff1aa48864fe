import CSlabmalloc

/// The additional state of a hardened zone: its secret, its random numbers and its counts. It lies at the end of the
/// zone's storage:
///
///     | ZoneState | bins | directBins | first buckets | Hardening | Quarantine of bin 0 | ... | of bin n-1 |
///
/// A slot of a hardened zone ends with a canary, one word:
///
///     | usable bytes | canary |        the whole slot is 0 while it is free
struct Hardening {
  var secret: UInt
  var random: SplitMix
  /// The unused bits of a random number, with a 1 above them.
  var bits: UInt64
  /// The number of slots that were written while they were free. They are never used again.
  var retired: UInt
  /// The reason of the latest failed allocation.
  var failure: Status
  /// Whether the objects are constructed at each allocation.
  var isConstructed: Bool
  /// The number of slots whose objects are being constructed or destroyed, and that are set aside meanwhile.
  var changing: UInt
}

typealias HardeningPointer = UnsafeMutablePointer<Hardening>

extension UnsafeMutablePointer where Pointee == Hardening {
  func initialize() {
    initialize(
      to: Hardening(
        secret: 0, random: SplitMix(state: Platform.random() ^ UInt64(UInt(bitPattern: self))), bits: 0, retired: 0,
        failure: .ok, isConstructed: false, changing: 0))
    // The secret comes from a generator of its own. A reader of a canary therefore knows nothing of the other
    // generator's numbers.
    var random = SplitMix(state: Platform.random() ^ pointee.random.next())
    pointee.secret = Canary.secret(&random)
  }

  /// Random bits, at most 62. A random number serves several calls, and half of the calls therefore cost a shift only.
  @inline(__always) func randomBits(_ count: UInt64) -> UInt {
    var bits = pointee.bits
    if bits &>> count == 0 { bits = pointee.random.next() | 1 &<< 63 }
    pointee.bits = bits &>> count
    return UInt(truncatingIfNeeded: bits & (1 &<< count &- 1))
  }

  /// The correct canary at an address in a slab or in a large object's run, which `owner` is the address of.
  @inline(__always) func canary(at address: UInt, of owner: UInt) -> UInt {
    Canary.word(Canary.key(pointee.secret, of: owner), at: address)
  }
}
