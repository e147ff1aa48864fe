/// The guards of a hardened zone's slab. A write over the edge of a page changes a guard before it reaches anything
/// that the zone relies on:
///
///     | slot n-1 | slack | guard | slot words | descriptor ... guardWord | slot 0 of the next page
///          overflow ->                                               <- underflow
///
/// Both guards are the canary of the descriptor's address, whose first byte is 0; `guardWord` holds its lower 32 bits.
/// Whenever a slot is allocated or freed, the zone checks them before it relies on anything else in the slab.
extension UnsafeMutablePointer where Pointee == Slab {
  func setGuards(_ hardening: HardeningPointer) {
    let canary = hardening.canary(at: address, of: address)
    guardBeforeWords.pointee = canary
    pointee.guardWord = UInt32(truncatingIfNeeded: canary)
  }

  /// Clears the guards, because the page's next owner must not learn the secret from them.
  func clearGuards() {
    guardBeforeWords.pointee = 0
    pointee.guardWord = 0
  }

  /// Whether the guards are intact.
  @inline(__always) func isIntact(_ hardening: HardeningPointer) -> Bool {
    let canary = hardening.canary(at: address, of: address)
    return pointee.guardWord == UInt32(truncatingIfNeeded: canary) && guardBeforeWords.pointee == canary
  }

  @inline(__always) private var guardBeforeWords: UnsafeMutablePointer<UInt> {
    let wordCount = UInt(pointee.wordCount)
    let words = address &- wordCount &* SlabGeometry.wordSize
    let start =
      _fastPath(pointee.lodgers == 0)
      ? words : SlabGeometry.lodgersStart(address, wordCount: wordCount, UInt(pointee.lodgers))
    return unsafeBitCast(
      UnsafeMutablePointer<UInt>(bitPattern: start &- Canary.size), to: UnsafeMutablePointer<UInt>.self)
  }
}
