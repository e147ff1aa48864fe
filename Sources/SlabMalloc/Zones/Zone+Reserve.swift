import CSlabmalloc

/// Reserves: slots that are kept for later. A bin's reserve is a number of empty pages that no other bin and no reclaim
/// may take. The bin's own allocations use these pages, and its deallocations fill the reserve up again. The fast paths
/// therefore need not know of it.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func reserve(size: UInt, alignment: UInt, count: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    guard let bin = bin(size: size, alignment: alignment) else { return .invalidLayout }
    return takeReserve(bin, alignment: alignment, count: count)
  }

  /// Takes pages until the empty ones have this many slots with the alignment. On failure the reserve stays as it was.
  private func takeReserve(_ bin: BinPointer, alignment: UInt, count: UInt) -> Status {
    let pages = bin.pages(for: count, alignment: alignment)
    guard pages <= UInt(UInt32.max) else { return .outOfMemory }
    if pages != 0 {
      forgetLast()
      if !Build.isSmall, let hardening = pointee.hardening { bin.endQuarantine(hardening) } else { bin.returnReady() }
    }
    while UInt(bin.pointee.emptyCount) < pages {
      let (status, count) = (supply(bin, anySlot: false), bin.pointee.emptyCount)
      // A shrinker may have emptied enough pages even if no page came.
      guard status == .ok || UInt(count) >= pages && isInitialized else { return status }
    }
    bin.pointee.reservedPages = UInt32(truncatingIfNeeded: pages)
    return .ok
  }
}
