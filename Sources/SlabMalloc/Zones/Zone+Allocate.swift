import CSlabmalloc

/// Allocation. A bin's ready word holds free slots, one bit each, and the fast path takes the lowest bit. The path
/// makes no call of its own, and every check it needs is part of a comparison that it makes anyway: `directLimit` is 0
/// in a zone that must not be used this way.
///
///     allocate(size) -> bin by table -> bit of the ready word
///                    |                  word used up: allocateSlowly -> open a word -> supply
///                    size 0 or above directLimit: allocateOtherSize -> a bin by formula, or allocateRarely
///
/// Rule: a path that takes a slot in any other way, or may have run other code, first calls `forgetLast`, because the
/// recorded allocation would no longer be the latest.
extension UnsafeMutablePointer where Pointee == ZoneState {
  @inline(__always) var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }

  /// Allocates `size` bytes.
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    allocate(size) { zoneAllocateOtherSize($0, $1) }
  }

  /// Allocates `size` bytes. A call goes to `otherSize` if `directLimit` excludes its size, because wrappers of zones
  /// have their own function there.
  @inline(__always) func allocate(
    _ size: UInt, otherSize: (UnsafeMutableRawPointer, UInt) -> UInt
  ) -> UnsafeMutableRawPointer? {
    if Build.isSmall {
      var status = Status.ok
      return allocate(size: size, alignment: 1, status: &status)
    }
    guard size &- 1 < pointee.head.directLimit else { return UnsafeMutableRawPointer(bitPattern: otherSize(raw, size)) }
    let bin = directBin(size)
    let ready = bin.pointee.ready
    let slots = ready.pointee
    guard slots != 0 else { return UnsafeMutableRawPointer(bitPattern: zoneAllocateSlowly(raw, size)) }
    return claim(slots, from: ready, of: bin)
  }

  /// Allocates `size` bytes if a slot of the table's classes is ready, without a call. Otherwise returns nil and
  /// changes nothing.
  @inline(__always) func allocateReady(_ size: UInt) -> UInt? {
    guard !Build.isSmall, size &- 1 < pointee.head.directLimit else { return nil }
    return allocateReady(from: directBin(size))
  }

  /// The same for the larger classes of the fast paths.
  @inline(__always) func allocateOtherReady(_ size: UInt) -> UInt? {
    guard !Build.isSmall, pointee.head.directLimit != 0,
      size &- (SizeClass.directLimit &+ 1) < SizeClass.fastLimit &- SizeClass.directLimit
    else { return nil }
    return allocateReady(from: bin(SizeClass.regular(size)))
  }

  @inline(__always) private func allocateReady(from bin: BinPointer) -> UInt? {
    let ready = bin.pointee.ready
    let slots = ready.pointee
    guard slots != 0 else { return nil }
    return bits(claim(slots, from: ready, of: bin))
  }

  /// Allocates a size that is 0 or above `directLimit`. The call goes to `unready` if `directLimit` is 0.
  @inline(__always) func allocateOtherSize(_ size: UInt, unready: (UnsafeMutableRawPointer, UInt) -> UInt) -> UInt {
    guard Build.isSmall || pointee.head.directLimit != 0 else { return unready(raw, size) }
    // Wraps for sizes up to the limit of the table, of which only 0 comes here.
    guard size &- (SizeClass.directLimit &+ 1) < SizeClass.fastLimit &- SizeClass.directLimit else {
      return zoneAllocateRarely(raw, size)
    }
    let bin = bin(SizeClass.regular(size))
    let ready = bin.pointee.ready
    let slots = ready.pointee
    guard slots != 0 else { return zoneAllocateFromBin(raw, bin) }
    return bits(claim(slots, from: ready, of: bin))
  }

  /// Allocates from the one bin of a cache. The call goes to `unready` if the zone is not initialised.
  @inline(__always) func allocateObject(unready: (UnsafeMutableRawPointer) -> UInt) -> UnsafeMutableRawPointer? {
    guard isInitialized else { return UnsafeMutableRawPointer(bitPattern: unready(raw)) }
    if Build.isSmall {
      var status = Status.ok
      return allocate(from: bin(0), status: &status)
    }
    let bin = bin(0)
    let ready = bin.pointee.ready
    let slots = ready.pointee
    guard slots != 0 else { return UnsafeMutableRawPointer(bitPattern: zoneAllocateFromBin(raw, bin)) }
    return claim(slots, from: ready, of: bin)
  }

  @inline(__always) func allocateObject() -> UnsafeMutableRawPointer? { allocateObject { _ in 0 } }

  /// Takes the first ready slot, and records how to undo this.
  @inline(__always) fileprivate func claim(
    _ slots: UInt, from ready: UnsafeMutablePointer<UInt>, of bin: BinPointer
  ) -> UnsafeMutableRawPointer? {
    let slot = bin.claim(slots, from: ready)
    pointee.head.last = LastAllocation(slot: bits(slot), slots: slots, ready: ready)
    return slot
  }

  /// Takes a slot of a bin whose ready word is used up. The current slab is opened in place, and a jump leads to all
  /// else: most words are opened in a function that saves no register.
  @inline(__always) fileprivate func allocateUnready(_ bin: BinPointer) -> UInt {
    guard !Build.isSmall, bin.openCurrent() else { return zoneAllocateFromAnySlab(raw, bin) }
    return bits(claim(bin.readySlots, from: bin.pointee.ready, of: bin))
  }

  /// Takes a slot of a bin, from any slab that has one.
  @inline(__always) fileprivate func allocate(_ bin: BinPointer) -> UInt {
    if bin.readySlots == 0 && !bin.openNext() {
      var status = Status.ok
      return bits(allocate(from: bin, status: &status))
    }
    return bits(claim(bin.readySlots, from: bin.pointee.ready, of: bin))
  }

  /// Allocates, and stores the reason of a failure in `status`. With `nowait` it does not call the provider.
  func allocate(
    size: UInt, alignment: UInt, nowait: Bool = false, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard isInitialized else { return fail(.notInitialized, &status) }
    guard let index = classIndex(size: size, alignment: alignment) else {
      return Build.isSmall
        ? fail(.invalidLayout, &status)
        : allocateRun(size: size, alignment: alignment, nowait: nowait, status: &status)
    }
    return allocate(from: bin(index), nowait: nowait, status: &status)
  }

  /// Allocates from a bin.
  func allocate(from bin: BinPointer, nowait: Bool = false, status: inout Status) -> UnsafeMutableRawPointer? {
    checkInvariantsNowAndThen()
    if isHardened { return allocateHardened(bin, nowait: nowait, status: &status) }
    while true {
      // In each round, because code that ran during the provider's call may have allocated.
      forgetLast()
      let slots = bin.readySlots
      if slots != 0 { return bin.claim(slots) }
      if bin.openNext() { continue }
      let supplied = supply(bin, nowait: nowait)
      if supplied == .ok { continue }
      // A shrinker, or another thread during the provider's call, may have freed a slot.
      if !Build.isSmall && bin.readySlots != 0 || bin.openNext() || bin.openSparseSlab() { continue }
      status = supplied
      return nil
    }
  }

  func fail(_ why: Status, _ status: inout Status) -> UnsafeMutableRawPointer? {
    status = why
    return nil
  }
}

// These C functions return a number, and the fast path therefore reaches them by a jump. The raw pointers are a zone
// and one of its bins. The arguments have the fast path's order and stay in its registers.

/// Allocates after the ready word was used up.
@c(slm_core_zone_allocate_slowly)
@inline(never)
@usableFromInline
func zoneAllocateSlowly(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  return zone.allocateUnready(zone.directBin(size))
}

/// Allocates from a known bin after its ready word was used up.
@c(slm_core_zone_allocate_from_bin)
@inline(never)
@usableFromInline
func zoneAllocateFromBin(_ zone: UnsafeMutableRawPointer, _ bin: UnsafeMutableRawPointer) -> UInt {
  zone.assumingMemoryBound(to: ZoneState.self).allocateUnready(bin.assumingMemoryBound(to: Bin.self))
}

/// Allocates from a known bin whose current slab has no free slot.
@c(slm_core_zone_allocate_from_any_slab)
@inline(never)
@usableFromInline
func zoneAllocateFromAnySlab(_ zone: UnsafeMutableRawPointer, _ bin: UnsafeMutableRawPointer) -> UInt {
  zone.assumingMemoryBound(to: ZoneState.self).allocate(bin.assumingMemoryBound(to: Bin.self))
}

/// Allocates if the size is 0 or beyond the table, or if the zone is hardened or not initialised.
@c(slm_core_zone_allocate_other_size)
@inline(never)
@usableFromInline
func zoneAllocateOtherSize(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  zone.assumingMemoryBound(to: ZoneState.self).allocateOtherSize(size) { zoneAllocateHardened($0, $1) }
}

/// Allocates a size that is 0, or so large that the object takes a run of its own.
@c(slm_core_zone_allocate_rarely)
@inline(never)
@usableFromInline
func zoneAllocateRarely(_ zone: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  if let index = zone.classIndex(size: size) { return zone.allocate(zone.bin(index)) }
  var status = Status.ok
  return Build.isSmall ? 0 : bits(zone.allocateRun(size: size, alignment: 1, nowait: false, status: &status))
}
