import CSlabmalloc

/// What a hardened zone does in place of the fast paths. They lead here by themselves: `directLimit` is 0, and
/// so is the `reciprocal` of each slab, so that no address passes for the start of a slot.
extension UnsafeMutablePointer where Pointee == ZoneState {
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

  @inline(never) func initializeHardening() {
    let hardening = raw.advanced(by: ZoneState.hardeningOffset(bins: pointee.binCount)).assumingMemoryBound(
      to: Hardening.self)
    hardening.initialize()
    pointee.hardening = hardening
    var quarantine = UnsafeMutableRawPointer(hardening + 1)
    for index in 0..<pointee.binCount {
      let length = Quarantine.length(slotSize: bin(index).pointee.slotSize)
      bin(index).pointee.quarantine = quarantine.assumingMemoryBound(to: Quarantine.self)
      bin(index).pointee.quarantine?.initialize(length: length)
      quarantine += Quarantine.size(length: length)
    }
  }

  /// Allocates from a bin of a hardened zone, by way of the provider if need be.
  @inline(never) func allocateHardened(
    _ bin: BinPointer, alignment: UInt, nowait: Bool, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    let stride = SizeClass.stride(slotSize: bin.pointee.slotSize, alignment: alignment)
    while let hardening = pointee.hardening {
      if let (slab, index) = bin.claimAtRandom(stride: stride, hardening) {
        return handOut(slab, index, hardening, &status)
      }
      let supplied = supply(bin, nowait: nowait)
      if supplied == .ok { continue }
      // The quarantine gives way. Another thread may have freed something, or ended the zone, while the provider was asked.
      guard let hardening = pointee.hardening else { return fail(supplied, &status) }
      bin.endQuarantine(hardening)
      if let (slab, index) = bin.claimAtRandom(stride: stride, hardening) {
        return handOut(slab, index, hardening, &status)
      }
      return fail(supplied, &status)
    }
    return fail(Status.notInitialized, &status)
  }

  private func fail(_ why: Status, _ status: inout Status) -> UnsafeMutableRawPointer? {
    pointee.hardening?.pointee.failure = why
    status = why
    return nil
  }

  /// A slot that was claimed goes out with its canary, if nobody wrote to it. Else it stays in use for ever. Without an index nothing was
  /// claimed, as somebody wrote over the edge of the page.
  private func handOut(
    _ slab: SlabPointer, _ index: UInt?, _ hardening: HardeningPointer, _ status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let index else { return fail(Status.overflow, &status) }
    let slot = slab.slot(index)
    if slab.handOut(slot, hardening) { return UnsafeMutableRawPointer(bitPattern: slot) }
    status = .writeAfterFree
    return UnsafeMutableRawPointer(bitPattern: zoneRetireSlot(raw, slab, slot))
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

  /// Makes all that waits in pages of a size available.
  @inline(never) func endQuarantines(_ page: PageSize, _ hardening: HardeningPointer) {
    for index in 0..<pointee.binCount where bin(index).pointee.page == page { bin(index).endQuarantine(hardening) }
  }
}

/// A size and a canary; 0 is served as 1.
func withCanary(_ size: UInt) -> UInt { (size == 0 ? 1 : size) &+ Canary.size }
