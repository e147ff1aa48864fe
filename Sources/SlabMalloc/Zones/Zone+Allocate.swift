extension UnsafeMutablePointer where Pointee == Zone {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  /// Allocates `size` bytes.
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    guard size &- 1 < pointee.directLimit else { return allocateOddSize(raw, size) }
    let bin = bin(SizeClass.direct(size))
    let slot = bin.claim()
    guard slot != 0 else { return allocateSlowly(raw, bin) }
    return UnsafeMutableRawPointer(bitPattern: slot)
  }

  /// Allocates from the one bin of a size-class allocator.
  @inline(__always) func allocateObject() -> UnsafeMutableRawPointer? {
    let bin = bin(0)
    guard isInitialized else { return nil }
    let slot = bin.claim()
    guard slot != 0 else { return allocateSlowly(raw, bin) }
    return UnsafeMutableRawPointer(bitPattern: slot)
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
      let slot = bin.claim()
      if slot != 0 { return UnsafeMutableRawPointer(bitPattern: slot) }
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

/// The word is used up. C functions, so that the fast path reaches them by a jump.
@c(slm_core_allocate_slowly)
@inline(never)
func allocateSlowly(_ zone: UnsafeMutableRawPointer, _ bin: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  let bin = bin.assumingMemoryBound(to: Bin.self)
  if bin.advance() { return UnsafeMutableRawPointer(bitPattern: bin.claim()) }
  var status = ok
  return zone.assumingMemoryBound(to: Zone.self).allocate(from: bin, status: &status)
}

/// The size is 0, or above what the table covers; or the zone is not initialised.
@c(slm_core_allocate_odd_size)
@inline(never)
func allocateOddSize(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UnsafeMutableRawPointer? {
  let zone = zone.assumingMemoryBound(to: Zone.self)
  guard zone.isInitialized, let index = SizeClass.index(size: size) else { return nil }
  let bin = zone.bin(index)
  let slot = bin.claim()
  guard slot != 0 else { return allocateSlowly(zone.raw, bin) }
  return UnsafeMutableRawPointer(bitPattern: slot)
}
