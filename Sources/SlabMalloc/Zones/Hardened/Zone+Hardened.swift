import CSlabmalloc

/// What a hardened zone does in place of the fast paths, which leave by themselves: `directLimit` is 0, and no address
/// passes for the start of a slot, because of the slabs' reciprocals (Slab+Hardened).
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
      // The quarantine gives way. Another thread may have freed something, or ended the zone, while the provider was
      // asked.
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

  /// A slot that was claimed goes out with its canary, if nobody wrote to it. Else it stays in use for ever. Without an
  /// index nothing was claimed, as somebody wrote over the edge of the page.
  private func handOut(
    _ slab: SlabPointer, _ index: UInt?, _ hardening: HardeningPointer, _ status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let index else { return fail(Status.overflow, &status) }
    let slot = slab.slot(index)
    if slab.handOut(slot, hardening) { return UnsafeMutableRawPointer(bitPattern: slot) }
    status = .writeAfterFree
    return UnsafeMutableRawPointer(bitPattern: zoneRetireSlot(raw, slab, slot))
  }

  /// Makes all that waits in pages of a size available.
  @inline(never) func endQuarantines(_ page: PageSize, _ hardening: HardeningPointer) {
    for index in 0..<pointee.binCount where bin(index).pointee.page == page { bin(index).endQuarantine(hardening) }
  }
}
