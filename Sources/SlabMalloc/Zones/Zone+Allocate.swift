extension UnsafeMutablePointer where Pointee == Zone {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  /// Allocates `size` bytes.
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    guard size &- 1 < pointee.directLimit else { return UnsafeMutableRawPointer(bitPattern: allocateSizeSlowly(raw, size)) }
    let bin = raw.advanced(by: SizeClass.directBin(size)).assumingMemoryBound(to: Bin.self)
    let slots = bin.pendingSlots
    guard slots != 0 else { return UnsafeMutableRawPointer(bitPattern: allocateSizeSlowly(raw, size)) }
    return bin.claim(slots)
  }

  /// Allocates from the one bin of a size-class allocator.
  @inline(__always) func allocateObject() -> UnsafeMutableRawPointer? {
    guard isInitialized else { return nil }
    let bin = bin(0)
    let slots = bin.pendingSlots
    guard slots != 0 else { return UnsafeMutableRawPointer(bitPattern: allocateSlowly(raw, bin)) }
    return bin.claim(slots)
  }

  /// Allocates and says why not.
  func allocate(size: UInt, alignment: UInt, status: inout Status) -> UnsafeMutableRawPointer? {
    guard isInitialized else { return fail(.notInitialized, &status) }
    guard let index = SizeClass.index(size: size, alignment: alignment) else { return fail(.invalidLayout, &status) }
    let bin = bin(index)
    if SizeClass.stride(slotSize: bin.pointee.slotSize, alignment: alignment) == 1 {
      return allocate(from: bin, status: &status)
    }
    return allocate(from: bin, alignment: alignment, status: &status)
  }

  /// Allocates from a bin all of whose slots will do.
  func allocate(from bin: BinPointer, status: inout Status) -> UnsafeMutableRawPointer? {
    while true {
      let slots = bin.pendingSlots
      if slots != 0 { return bin.claim(slots) }
      if bin.advance() { continue }
      status = supply(bin)
      guard status == ok else { return nil }
    }
  }

  /// Allocates from a bin of whose slots some are aligned.
  private func allocate(from bin: BinPointer, alignment: UInt, status: inout Status) -> UnsafeMutableRawPointer? {
    while true {
      if let slot = bin.claim(alignment: alignment) { return UnsafeMutableRawPointer(bitPattern: slot) }
      status = supply(bin)
      guard status == ok else { return nil }
    }
  }

  private func fail(_ error: AllocationError, _ status: inout Status) -> UnsafeMutableRawPointer? {
    status = error.code
    return nil
  }
}

/// The word is used up. C functions that return a number, so that the fast path reaches them by a jump.
@c(slm_core_allocate_slowly)
@inline(never)
@usableFromInline
func allocateSlowly(_ zone: UnsafeMutableRawPointer, _ bin: UnsafeMutableRawPointer) -> UInt {
  let bin = bin.assumingMemoryBound(to: Bin.self)
  if bin.advance() { return UInt(bitPattern: bin.claim(bin.pendingSlots)) }
  var status = ok
  return UInt(bitPattern: zone.assumingMemoryBound(to: Zone.self).allocate(from: bin, status: &status))
}

/// The size is 0 or above what the table covers, or the word is used up, or the zone is not initialised.
@c(slm_core_allocate_size_slowly)
@inline(never)
@usableFromInline
func allocateSizeSlowly(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let zone = zone.assumingMemoryBound(to: Zone.self)
  guard size > SizeClass.directLimit, size <= SizeClass.slotSize(SizeClass.lastRegular), zone.isInitialized else {
    return allocateRarely(zone.raw, size)
  }
  let bin = zone.bin(SizeClass.regular(size))
  let slots = bin.pendingSlots
  guard slots != 0 else { return allocateSlowly(zone.raw, bin) }
  return UInt(bitPattern: bin.claim(slots))
}

@c(slm_core_allocate_rarely)
@inline(never)
@usableFromInline
func allocateRarely(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let zone = zone.assumingMemoryBound(to: Zone.self)
  guard zone.isInitialized, let index = SizeClass.index(size: size) else { return 0 }
  let bin = zone.bin(index)
  let slots = bin.pendingSlots
  guard slots != 0 else { return allocateSlowly(zone.raw, bin) }
  return UInt(bitPattern: bin.claim(slots))
}
