/// The guards of a hardened zone's slab, which a write over the edge of a page can't leave out on its way to what the
/// zone believes:
///
///     | slot n-1 | slack | guard | slot words | descriptor ... guardWord | slot 0 of the next page
///          overflow ->                                               <- underflow
///
/// Both are the canary that the descriptor's address would have. They are looked at before anything else of the slab is
/// believed, whenever one of its slots comes or goes.
extension UnsafeMutablePointer where Pointee == Slab {
  func setGuards(_ hardening: HardeningPointer) {
    let canary = hardening.canary(at: address)
    guardBeforeWords.pointee = canary
    pointee.guardWord = UInt32(truncatingIfNeeded: canary)
  }

  /// So that the page's next owner does not learn the secret from it.
  func clearGuards() {
    guardBeforeWords.pointee = 0
    pointee.guardWord = 0
  }

  /// Whether nothing was written over the edges.
  @inline(__always) func isIntact(_ hardening: HardeningPointer) -> Bool {
    let canary = hardening.canary(at: address)
    return pointee.guardWord == UInt32(truncatingIfNeeded: canary) && guardBeforeWords.pointee == canary
  }

  @inline(__always) private var guardBeforeWords: UnsafeMutablePointer<UInt> {
    let words = UnsafeMutableRawPointer(self).advanced(by: -Int(pointee.wordCount) &* Int(SlabGeometry.wordSize))
    return words.assumingMemoryBound(to: UInt.self) - 1
  }
}
