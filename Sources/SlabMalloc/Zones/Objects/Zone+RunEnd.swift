import CSlabmalloc

/// The end of large objects, and the checks of their pointers.
extension UnsafeMutablePointer where Pointee == ZoneState {
  private var directory: PageDirectoryPointer { pointee.directory.unsafelyUnwrapped }

  /// The run of a live object at an address. If there is none, returns nil and stores the reason in `status`.
  func lookUpRun(_ address: UInt, status: inout Status) -> ObjectRunPointer? {
    status = .foreignPointer
    guard pointee.hasRuns else { return nil }
    guard let run = directory.pointee.runs.find(address) else {
      let isGone = directory.pointee.runs.hasEnded(address) && !directory.locked { directory.holds(address) }
      if isGone { status = .doubleFree }
      return nil
    }
    guard address == run.pointee.start else {
      status = .interiorPointer
      return nil
    }
    status = run.isLive ? .ok : .doubleFree
    return run.isLive ? run : nil
  }

  /// The status of a pointer that is in no slab.
  @inline(never) func statusOutsideSlabs(_ address: UInt) -> Status {
    var status = Status.ok
    return lookUpRun(address, status: &status) == nil ? status : .interiorPointer
  }

  /// Whether a live object, small or large, starts at an address. If not, stores the reason in `status`.
  func isLive(_ address: UInt, status: inout Status) -> Bool {
    if slab(around: address) != nil || Build.isSmall { return lookUp(address, status: &status) != nil }
    var found = Status.ok
    if lookUpRun(address, status: &found) != nil { return true }
    status = found
    return false
  }

  /// Whether nothing was written beyond the object of a run.
  func isIntact(_ run: ObjectRunPointer) -> Bool {
    guard let hardening = pointee.hardening else { return true }
    return canary(of: run).pointee == hardening.canary(at: bits(canary(of: run)), of: run.pointee.start)
  }

  /// Deallocates a large object. Fails if none starts at the address.
  @inline(never) func deallocateRun(_ address: UInt) -> Status {
    var status = Status.ok
    guard let run = lookUpRun(address, status: &status) else { return status }
    guard isIntact(run) else { return .overflow }
    end(run)
    return .opaqueOK
  }

  /// Deallocates a large object of this layout.
  @inline(never) func deallocateRun(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    let status = checkRun(address, size: size, alignment: alignment)
    return status == .ok ? deallocateRun(address) : status
  }

  /// Whether an address is that of a live large object of this layout.
  func checkRun(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    var status = Status.layoutMismatch
    guard canServeRun(size: size, alignment: alignment) else { return .invalidLayout }
    guard slab(around: address) == nil else {
      _ = lookUp(address, status: &status)
      return status
    }
    guard let run = lookUpRun(address, status: &status) else { return status }
    let hasLayout = run.pointee.wanted == roundUp(max(size, 1) &+ canarySize, to: page.size)
    guard hasLayout, address & (alignment &- 1) == 0 else { return .layoutMismatch }
    return isIntact(run) ? .ok : .overflow
  }

  /// Ends an object. Its run goes back to the provider, or waits for another object if it was pushed.
  private func end(_ run: ObjectRunPointer) {
    let (start, bytes) = (run.pointee.start, run.pointee.bytes)
    if isHardened { clear(UnsafeMutableRawPointer(bitPattern: start).unsafelyUnwrapped, run.room) }
    run.pointee.wanted = 0
    guard !run.isPushed else { return directory.pointee.runs.free.push(run) }
    directory.change {
      directory.pointee.runs.remove(run)
      directory.pointee.runs.rememberEnded(start)
      directory.pointee.runs.descriptors.giveBack(UInt(bitPattern: run), pageMask: page.mask)
    }
    countGone(bytes)
    releasePages(start, bytes, isRun: true)
  }

  /// Takes out a pushed run without an object: one of exactly this many bytes, or any. With `isMoving` it goes on
  /// counting to the limits, and another ledger counts it.
  func takeFreeRun(bytes: UInt?, isMoving: Bool = false) -> (address: UInt, bytes: UInt)? {
    guard pointee.hasRuns else { return nil }
    var candidate = directory.pointee.runs.free.first
    while let run = candidate {
      if bytes == nil || run.pointee.bytes == bytes {
        let found = (run.pointee.start, run.pointee.bytes)
        directory.pointee.runs.free.remove(run)
        directory.change { directory.pointee.runs.remove(run) }
        countGone(found.1, isMoving: isMoving)
        return found
      }
      candidate = run.pointee.next
    }
    return nil
  }

  /// Changes the size of a large object in place: gives pages behind it back, or takes them if they are free. False if
  /// they are not. With `isWanted`, sized deallocations count the new size.
  func resize(_ run: ObjectRunPointer, size: UInt, isWanted: Bool) -> Bool {
    let bytes = roundUp(max(size, 1) &+ canarySize, to: page.size)
    guard size <= UInt(Int.max) / 2 else { return false }
    if !run.isPushed, pointee.provider.givesRuns {
      if bytes < run.pointee.bytes {
        shorten(run, to: bytes)
      } else if bytes > run.pointee.bytes, !lengthen(run, to: bytes) {
        return false
      }
    }
    guard max(size, 1) &+ canarySize <= run.room else { return false }
    if isWanted { run.pointee.wanted = bytes }
    return true
  }

  private func shorten(_ run: ObjectRunPointer, to bytes: UInt) {
    let (start, old) = (run.pointee.start, run.pointee.bytes)
    directory.change { run.pointee.bytes = bytes }
    countGone(old - bytes)
    renewCanary(run)
    releasePages(start &+ bytes, old - bytes, isRun: true)
  }

  private func lengthen(_ run: ObjectRunPointer, to bytes: UInt) -> Bool {
    let (provider, start, old) = (pointee.provider, run.pointee.start, run.pointee.bytes)
    guard let resizeRun = provider.resizeRun, let memory = UnsafeMutableRawPointer(bitPattern: start) else {
      return false
    }
    guard charge(bytes &- old) == .ok else { return false }
    let isTaken = unlocked { resizeRun(provider.context, memory, Int(bitPattern: old), Int(bitPattern: bytes)) }
    let isOurs =
      isTaken && isInitialized
      && directory.change {
        guard run.isLive, run.pointee.start == start, !directory.holdsAny(start &+ old, bytes &- old) else {
          return false
        }
        run.pointee.bytes = bytes
        return true
      }
    guard isOurs else {
      uncharge(bytes &- old)
      return false
    }
    countTaken(bytes - old)
    renewCanary(run)
    return true
  }

  /// Writes the canary of a hardened zone's large object, whose run is new or has another length.
  func renewCanary(_ run: ObjectRunPointer) {
    guard let hardening = pointee.hardening else { return }
    canary(of: run).pointee = hardening.canary(at: bits(canary(of: run)), of: run.pointee.start)
  }
}
