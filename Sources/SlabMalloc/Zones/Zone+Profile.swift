import CSlabmalloc

/// What depends on a zone's profile, for the paths that all zones take.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Of an initialised zone.
  @inline(__always) var isFast: Bool {
    !Build.isSmall && pointee.ignoresLayouts
  }

  @inline(__always) var isHardened: Bool { !Build.isSmall && pointee.hardening != nil }

  /// Bytes at the end of each slot that are not the object's.
  @inline(__always) var canarySize: UInt { isHardened ? Canary.size : 0 }

  /// Bytes of a slab's slots that are the object's.
  @inline(__always) func usableSize(_ slab: SlabPointer) -> UInt { slab.slotSize &- canarySize }

  /// The class of a layout in this zone: of a hardened one, for the canary too.
  @inline(__always) func classIndex(size: UInt, alignment: UInt = 1) -> UInt? {
    Build.isSmall
      ? SizeClass.index(size: size, alignment: alignment) : classIndexInProfile(size: size, alignment: alignment)
  }

  @inline(never) private func classIndexInProfile(size: UInt, alignment: UInt) -> UInt? {
    guard isHardened else { return SizeClass.index(size: size, alignment: alignment) }
    guard size <= maxSize else { return nil }
    return SizeClass.index(size: withCanary(size), alignment: alignment)
  }

  /// Whether nobody is known to have written over the edges of a page.
  @inline(__always) func isIntact(_ slab: SlabPointer) -> Bool {
    guard !Build.isSmall, let hardening = pointee.hardening else { return true }
    return slab.isIntact(hardening)
  }

  /// The slab of a live object, if nothing was written behind its end.
  @inline(__always) func lookUpIntact(_ address: UInt, status: inout Status) -> SlabPointer? {
    Build.isSmall ? lookUp(address, status: &status) : lookUpWithCanary(address, status: &status)
  }

  @inline(never) private func lookUpWithCanary(_ address: UInt, status: inout Status) -> SlabPointer? {
    guard let slab = lookUp(address, status: &status) else { return nil }
    guard let hardening = pointee.hardening else { return slab }
    guard slab.hasCanary(address, hardening) else {
      status = .overflow
      return nil
    }
    return slab
  }

  /// Why the latest allocation failed, if that was because of what somebody wrote; else `ok`.
  var writeFound: Status {
    guard !Build.isSmall, let failure = pointee.hardening?.pointee.failure else { return .ok }
    return failure.reportsWrite ? failure : .ok
  }
}

/// A size and a canary; 0 is served as 1.
func withCanary(_ size: UInt) -> UInt { (size == 0 ? 1 : size) &+ Canary.size }
