import CSlabmalloc

extension UnsafeMutablePointer where Pointee == ZoneState {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  /// Allocates `size` bytes.
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    if Build.isSmall {
      var status = Status.ok
      return allocate(size: size, alignment: 1, status: &status)
    }
    guard size &- 1 < pointee.directLimit else {
      return UnsafeMutableRawPointer(bitPattern: allocateOtherSize(raw, size))
    }
    let bin = directBin(size)
    let pending = bin.pointee.pending
    let slots = pending.pointee
    guard slots != 0 else { return UnsafeMutableRawPointer(bitPattern: allocateSlowly(raw, size)) }
    return claim(slots, from: pending, of: bin)
  }

  /// Allocates from the one bin of a size-class allocator.
  @inline(__always) func allocateObject() -> UnsafeMutableRawPointer? {
    guard isInitialized else { return nil }
    if Build.isSmall {
      var status = Status.ok
      return allocate(from: bin(0), status: &status)
    }
    let bin = bin(0)
    let pending = bin.pointee.pending
    let slots = pending.pointee
    guard slots != 0 else { return UnsafeMutableRawPointer(bitPattern: allocateFromBin(raw, bin)) }
    return claim(slots, from: pending, of: bin)
  }

  /// Takes the first of some pending slots, and notes how to undo it.
  @inline(__always) fileprivate func claim(
    _ slots: UInt, from pending: UnsafeMutablePointer<UInt>, of bin: BinPointer
  ) -> UnsafeMutableRawPointer? {
    let slot = bin.claim(slots, from: pending)
    pointee.last = LastAllocation(slot: bits(slot), slots: slots, pending: pending)
    return slot
  }

  /// Takes a slot of a bin, from whatever word has one.
  @inline(__always) fileprivate func allocate(_ bin: BinPointer) -> UInt {
    if bin.pendingSlots == 0 && !bin.advance() {
      var status = Status.ok
      return bits(allocate(from: bin, status: &status))
    }
    return bits(claim(bin.pendingSlots, from: bin.pointee.pending, of: bin))
  }

  /// Allocates and says why not. With `nowait` the provider is not called.
  func allocate(
    size: UInt, alignment: UInt, nowait: Bool = false, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard isInitialized else { return fail(.notInitialized, &status) }
    guard let index = classIndex(size: size, alignment: alignment) else { return fail(.invalidLayout, &status) }
    let bin = bin(index)
    if Build.isSmall || SizeClass.stride(slotSize: bin.pointee.slotSize, alignment: alignment) == 1 {
      return allocate(from: bin, nowait: nowait, status: &status)
    }
    return allocate(from: bin, alignment: alignment, nowait: nowait, status: &status)
  }

  /// Allocates from a bin all of whose slots will do.
  func allocate(from bin: BinPointer, nowait: Bool = false, status: inout Status) -> UnsafeMutableRawPointer? {
    if isHardened { return allocateHardened(bin, alignment: 1, nowait: nowait, status: &status) }
    while true {
      // Each time round: whoever ran while the provider was asked may have allocated.
      forgetLast()
      let slots = bin.pendingSlots
      if slots != 0 { return bin.claim(slots) }
      if bin.advance() { continue }
      let supplied = supply(bin, nowait: nowait)
      if supplied == .ok { continue }
      // Another thread may have freed something while the provider was asked.
      if bin.advance() || bin.advanceToSparseSlab() { continue }
      status = supplied
      return nil
    }
  }

  /// Allocates from a bin of whose slots some are aligned.
  private func allocate(
    from bin: BinPointer, alignment: UInt, nowait: Bool, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    if isHardened { return allocateHardened(bin, alignment: alignment, nowait: nowait, status: &status) }
    while true {
      // Each time round: whoever ran while the provider was asked may have allocated.
      forgetLast()
      if let slot = bin.claim(alignment: alignment) { return UnsafeMutableRawPointer(bitPattern: slot) }
      status = supply(bin, nowait: nowait)
      guard status == .ok else { return nil }
    }
  }

  private func fail(_ why: Status, _ status: inout Status) -> UnsafeMutableRawPointer? {
    status = why
    return nil
  }
}

// C functions that return a number, so that the fast path reaches them by a jump.

/// The word is used up.
@c(slm_core_allocate_slowly)
@inline(never)
@usableFromInline
func allocateSlowly(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  return zone.allocate(zone.directBin(size))
}

/// The same for a bin that is known.
@c(slm_core_allocate_from)
@inline(never)
@usableFromInline
func allocateFromBin(_ zone: UnsafeMutableRawPointer, _ bin: UnsafeMutableRawPointer) -> UInt {
  zone.assumingMemoryBound(to: ZoneState.self).allocate(bin.assumingMemoryBound(to: Bin.self))
}

/// The size is 0 or above what the table covers, the zone is hardened, or it is not initialised.
@c(slm_core_allocate_other_size)
@inline(never)
@usableFromInline
func allocateOtherSize(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  guard Build.isSmall || zone.pointee.directLimit != 0 else { return allocateHardened(zone.raw, size) }
  guard size <= SizeClass.slotSize(SizeClass.lastRegular), size > zone.pointee.directLimit else {
    return allocateRarely(zone.raw, size)
  }
  let bin = zone.bin(SizeClass.regular(size))
  let pending = bin.pointee.pending
  let slots = pending.pointee
  guard slots != 0 else { return allocateFromBin(zone.raw, bin) }
  return bits(zone.claim(slots, from: pending, of: bin))
}

@c(slm_core_allocate_rarely)
@inline(never)
@usableFromInline
func allocateRarely(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  guard let index = SizeClass.index(size: size) else { return 0 }
  return zone.allocate(zone.bin(index))
}
