import CSlabmalloc

/// Reserves: slots that are kept for later. A bin's reserve is a number of slots in empty slabs that no other bin and
/// no reclaim may take. The bin's own allocations use these slabs, and its deallocations fill the reserve up again. The
/// fast paths therefore need not know of it.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func reserve(size: UInt, alignment: UInt, count: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    guard let bin = bin(size: size, alignment: alignment) else { return .invalidLayout }
    return takeReserve(bin, count: count)
  }

  /// Takes slabs until the empty ones have this many slots. On failure the reserve stays as it was.
  ///
  /// The slabs are reserved as they come. Otherwise a reclaim at the hard limit, or in a shrinker, would give them
  /// back, and the next round would take them again.
  private func takeReserve(_ bin: BinPointer, count: UInt) -> Status {
    guard count <= UInt(UInt32.max) else { return .outOfMemory }
    if count != 0 {
      forgetLast()
      returnReady(bin)
    }
    let before = bin.pointee.reservedSlots
    while UInt(bin.pointee.emptySlots) < count {
      bin.pointee.reservedSlots = max(before, bin.pointee.emptySlots)
      let status = supply(bin, anySlot: false)
      guard isInitialized else { return .notInitialized }
      // A shrinker may have emptied enough slabs even if no page came.
      guard status == .ok || UInt(bin.pointee.emptySlots) >= count else {
        bin.pointee.reservedSlots = before
        return status
      }
    }
    bin.pointee.reservedSlots = UInt32(truncatingIfNeeded: count)
    return .ok
  }
}
