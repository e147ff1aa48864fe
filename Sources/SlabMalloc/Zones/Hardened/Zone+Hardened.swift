import CSlabmalloc

/// A hardened zone's own paths. All its calls leave the fast paths by themselves: `directLimit` is 0, and because of
/// the slabs' reciprocals no address passes for the start of a slot (Slab+Hardened).
extension UnsafeMutablePointer where Pointee == ZoneState {
  @inline(never) func initializeHardening() {
    let hardening = hardeningPlace
    hardening.initialize()
    pointee.hardening = hardening
    var quarantine = UnsafeMutableRawPointer(hardening + 1)
    for index in 0..<pointee.binCount {
      bin(index).initializeQuarantine(quarantine - UnsafeMutableRawPointer(bin(index)))
      quarantine += bin(index).quarantineCount * MemoryLayout<UInt>.stride
    }
  }

  /// Where the state of a hardened zone lies, which stays there when the zone ends.
  var hardeningPlace: HardeningPointer {
    let offset = ZoneState.hardeningOffset(bins: pointee.binCount, sharesDirectory: pointee.stride != 0)
    return raw.advanced(by: offset).assumingMemoryBound(to: Hardening.self)
  }

  /// Allocates from a bin of a hardened zone, and calls the provider and the constructor if necessary.
  @inline(never) func allocateHardened(
    _ bin: BinPointer, nowait: Bool, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let hardening = pointee.hardening, hardening.pointee.isConstructed else {
      return allocateSlot(bin, nowait: nowait, status: &status)
    }
    guard !isConstructing(for: context) else { return fail(Status.reentrant, &status) }
    guard let memory = allocateSlot(bin, nowait: nowait, status: &status) else { return nil }
    return constructObject(memory, hardening, &status)
  }

  private func allocateSlot(_ bin: BinPointer, nowait: Bool, status: inout Status) -> UnsafeMutableRawPointer? {
    while let hardening = pointee.hardening {
      if let (slab, index) = bin.claimAtRandom(hardening) { return handOut(slab, index, hardening, &status) }
      let supplied = supply(bin, nowait: nowait)
      if supplied == .ok { continue }
      // The last resort: end the quarantine. During the provider's call, another thread may have freed a slot or ended
      // the zone.
      guard let hardening = pointee.hardening else { return failHardened(supplied, &status) }
      returnReady(bin)
      if let (slab, index) = bin.claimAtRandom(hardening) { return handOut(slab, index, hardening, &status) }
      return failHardened(supplied, &status)
    }
    return failHardened(Status.notInitialized, &status)
  }

  private func failHardened(_ why: Status, _ status: inout Status) -> UnsafeMutableRawPointer? {
    pointee.hardening?.pointee.failure = why
    status = why
    return nil
  }

  /// Returns a claimed slot with its canary. A slot that was written while it was free is retired. Without an index no
  /// slot was claimed, because a guard of the page is broken.
  private func handOut(
    _ slab: SlabPointer, _ index: UInt?, _ hardening: HardeningPointer, _ status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let index else { return failHardened(Status.overflow, &status) }
    let slot = slab.slot(index)
    if slab.handOut(slot, hardening) { return UnsafeMutableRawPointer(bitPattern: slot) }
    status = .writeAfterFree
    return UnsafeMutableRawPointer(bitPattern: zoneRetireSlot(raw, slab, slot))
  }
}
