import CSlabmalloc

/// The parts of the common paths that depend on a zone's profile.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// The zone must be initialised.
  @inline(__always) var isFast: Bool {
    !Build.isSmall && pointee.ignoresLayouts
  }

  @inline(__always) var isHardened: Bool { !Build.isSmall && pointee.hardening != nil }

  /// Bytes at the end of each slot that do not belong to the object.
  @inline(__always) var canarySize: UInt { isHardened ? Canary.size : 0 }

  /// Bytes of each slot of a slab that belong to the object.
  @inline(__always) func usableSize(_ slab: SlabPointer) -> UInt { slab.slotSize &- canarySize }

  /// The class of a layout in this zone; nil if it has none. In a hardened zone the class also has room for the canary.
  /// Where the provider gives runs, an object that is larger than 64 KiB or aligned to more than a base page takes a
  /// run of its own.
  @inline(__always) func classIndex(size: UInt, alignment: UInt = 1) -> UInt? {
    Build.isSmall
      ? SizeClass.index(size: size, alignment: alignment) : classIndexInProfile(size: size, alignment: alignment)
  }

  @inline(never) private func classIndexInProfile(size: UInt, alignment: UInt) -> UInt? {
    guard size <= maxSize else { return nil }
    let size = isHardened ? withCanary(size) : size
    guard let index = SizeClass.index(size: size, alignment: alignment) else { return nil }
    guard pointee.provider.givesRuns else { return index }
    return SizeClass.slotSize(index) > SizeClass.fastLimit || alignment > page.size ? nil : index
  }

  /// Whether the zone can serve a layout, from a class or by a run.
  func canServe(size: UInt, alignment: UInt) -> Bool {
    guard isInitialized, classIndex(size: size, alignment: alignment) == nil else { return true }
    return !Build.isSmall && canServeRun(size: size, alignment: alignment)
  }

  /// Whether the guards of a slab, of this zone or of another CPU's, are intact. True in a zone without guards.
  @inline(__always) func isIntact(_ slab: SlabPointer) -> Bool {
    guard !Build.isSmall, let hardening = pointee.hardening else { return true }
    if _fastPath(slab.pointee.owner == pointee.owner) { return slab.isIntact(hardening) }
    // A number that no zone has was written over.
    guard slab.pointee.owner <= pointee.lastOwner, let other = sibling(slab.pointee.owner).pointee.hardening else {
      return false
    }
    return slab.isIntact(other)
  }

  /// The slab of a live object, if nothing was written beyond the object's end.
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

  /// Why the latest allocation of a hardened zone failed, if the reason is a write to memory that nobody may write, or
  /// a constructor that refused; otherwise `ok`.
  var writeFound: Status {
    guard !Build.isSmall, let failure = pointee.hardening?.pointee.failure else { return .ok }
    return failure.reportsWrite || failure == .constructorFailed ? failure : .ok
  }
}

/// The size with room for a canary; 0 counts as 1.
func withCanary(_ size: UInt) -> UInt { (size == 0 ? 1 : size) &+ Canary.size }
