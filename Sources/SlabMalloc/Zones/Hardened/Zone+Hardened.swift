import CSlabmalloc

/// A hardened zone's own paths. All its calls leave the fast paths by themselves: `directLimit` is 0, and because of
/// the slabs' reciprocals no address passes for the start of a slot (Slab+Hardened).
extension UnsafeMutablePointer where Pointee == ZoneState {
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

  /// Allocates from a bin of a hardened zone, and calls the provider and the constructor if necessary.
  @inline(never) func allocateHardened(
    _ bin: BinPointer, alignment: UInt, nowait: Bool, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let hardening = pointee.hardening, hardening.pointee.isConstructed else {
      return allocateSlot(bin, alignment: alignment, nowait: nowait, status: &status)
    }
    guard !isConstructing(for: context) else { return fail(Status.reentrant, &status) }
    guard let memory = allocateSlot(bin, alignment: alignment, nowait: nowait, status: &status) else { return nil }
    return constructObject(memory, hardening, &status)
  }

  private func allocateSlot(
    _ bin: BinPointer, alignment: UInt, nowait: Bool, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    let stride = SizeClass.stride(slotSize: bin.pointee.slotSize, alignment: alignment)
    while let hardening = pointee.hardening {
      if let (slab, index) = bin.claimAtRandom(stride: stride, hardening) {
        return handOut(slab, index, hardening, &status)
      }
      let supplied = supply(bin, nowait: nowait, anySlot: stride == 1)
      if supplied == .ok { continue }
      // The last resort: end the quarantine. During the provider's call, another thread may have freed a slot or ended
      // the zone.
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

  /// Returns a claimed slot with its canary. A slot that was written while it was free is retired. Without an index no
  /// slot was claimed, because a guard of the page is broken.
  private func handOut(
    _ slab: SlabPointer, _ index: UInt?, _ hardening: HardeningPointer, _ status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let index else { return fail(Status.overflow, &status) }
    let slot = slab.slot(index)
    if slab.handOut(slot, hardening) { return UnsafeMutableRawPointer(bitPattern: slot) }
    status = .writeAfterFree
    return UnsafeMutableRawPointer(bitPattern: zoneRetireSlot(raw, slab, slot))
  }

  /// Ends the quarantines of all bins with pages of this size.
  @inline(never) func endQuarantines(_ page: PageSize, _ hardening: HardeningPointer) {
    for index in 0..<pointee.binCount where bin(index).pointee.page == page { bin(index).endQuarantine(hardening) }
  }
}
