import CSlabmalloc

/// The slot size of a cache: the object's size rounded up to its alignment, at least 8 bytes. nil if the layout is
/// invalid.
///
/// Above half a large page only one slot fits, at the page's start, and the page's start has every alignment.
func slotSize(size: UInt, alignment: UInt) -> UInt? {
  guard isServable(alignment: alignment), size <= maxSize else { return nil }
  let rounded = roundUp(size == 0 ? 1 : size, to: alignment < 8 ? 8 : alignment)
  guard !Build.isSmall else { return rounded <= maxSize ? rounded : nil }
  guard alignment <= PageSize.large.size else { return nil }
  return rounded > PageSize.large.size / 2 ? PageSize.large.size / 2 : rounded
}

/// The slot size of a cache, with room for a canary if the profile has one.
func slotSize(size: UInt, alignment: UInt, profile: Profile) -> UInt? {
  guard !Build.isSmall, profile == .hardened else { return slotSize(size: size, alignment: alignment) }
  return size <= maxSize ? slotSize(size: withCanary(size), alignment: alignment) : nil
}

/// A zone with one bin: the core of a cache.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func allocateObject(nowait: Bool = false, status: inout Status) -> UnsafeMutableRawPointer? {
    guard isInitialized else {
      status = .notInitialized
      return nil
    }
    return allocate(from: bin(0), nowait: nowait, status: &status)
  }

  /// Pushes a page to the one bin.
  func refillObjects(page: UInt, pageSize: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    return refill(bin(0), page: page, pageSize: pageSize)
  }

  /// Bytes of a slot that belong to the object.
  var objectSize: UInt { bin(0).pointee.slotSize &- canarySize }

  /// Deallocates an object that was allocated with any layout that fits its slot.
  func deallocateObject(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    if isFast { return deallocateByCall(address) }
    let profile: Profile = isHardened ? .hardened : .checked
    guard let slotSize = SlabMalloc.slotSize(size: size, alignment: alignment, profile: profile) else {
      return .invalidLayout
    }
    let own = bin(0).pointee.slotSize
    guard slotSize <= own, slotSize == own || own & (alignment &- 1) == 0 else {
      if address == 0 { return .ok }
      var status = Status.layoutMismatch
      _ = lookUp(address, status: &status)
      return status
    }
    return deallocateByCall(address)
  }
}
