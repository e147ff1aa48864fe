import CSlabmalloc

/// Large objects: each takes a run of pages of its own, from the provider or from the runs that were pushed.
///
/// Where the provider gives single pages alone, an object takes a large page, and one that is larger cannot be served.
extension UnsafeMutablePointer where Pointee == ZoneState {
  @inline(__always) private var directory: PageDirectoryPointer { pointee.directory.unsafelyUnwrapped }

  /// Whether a zone with this provider can ever serve a layout above the size classes.
  func canServeRun(size: UInt, alignment: UInt) -> Bool {
    guard isPowerOfTwo(alignment), size <= UInt(Int.max) / 2, alignment <= UInt(Int.max) / 2 else { return false }
    guard pointee.provider.allocate != nil, !pointee.provider.givesRuns else { return true }
    return runBytes(size) <= PageSize.large.size && alignment <= PageSize.large.size
  }

  /// The bytes of an object's run: its size, with room for a canary, in pages.
  private func runBytes(_ size: UInt) -> UInt { roundUp(max(size, 1) &+ canarySize, to: page.size) }

  /// Allocates a run of its own for an object.
  @inline(never) func allocateRun(
    size: UInt, alignment: UInt, nowait: Bool, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard isInitialized else { return fail(.notInitialized, &status) }
    guard pointee.hasRuns, canServeRun(size: size, alignment: alignment) else {
      return fail(.invalidLayout, &status)
    }
    let bytes = runBytes(size)
    if let run = takeFreeRun(max(size, 1) &+ canarySize, alignment) { return start(run, wanted: bytes) }
    guard pointee.provider.allocate != nil || pointee.provider.givesRuns, !nowait else {
      return fail(.outOfMemory, &status)
    }
    var run: ObjectRunPointer?
    status = pulling { pullRun(bytes, alignment, &run) }
    if run == nil {
      status = supplyByShrinking(status, bytes: bytes) {
        // A shrinker may have freed a pushed run.
        run = takeFreeRun(max(size, 1) &+ canarySize, alignment)
        return run == nil ? pulling { pullRun(bytes, alignment, &run) } : .ok
      }
    }
    guard let run else { return nil }
    return start(run, wanted: bytes)
  }

  /// A pushed run without an object that holds the size, and the shortest of them.
  private func takeFreeRun(_ size: UInt, _ alignment: UInt) -> ObjectRunPointer? {
    var best: ObjectRunPointer?
    var candidate = directory.pointee.runs.free.first
    while let run = candidate {
      candidate = run.pointee.next
      guard run.room >= size, run.pointee.start & (alignment &- 1) == 0 else { continue }
      if run.pointee.bytes < best?.pointee.bytes ?? UInt.max { best = run }
    }
    if let best { directory.pointee.runs.free.remove(best) }
    return best
  }

  private func start(_ run: ObjectRunPointer, wanted: UInt) -> UnsafeMutableRawPointer? {
    run.pointee.wanted = wanted
    renewCanary(run)
    return UnsafeMutableRawPointer(bitPattern: run.pointee.start)
  }

  /// The last word that belongs to the object of a run.
  func canary(of run: ObjectRunPointer) -> UnsafeMutablePointer<UInt> { Canary.place(run.pointee.start, run.room) }

  private func pullRun(_ bytes: UInt, _ alignment: UInt, _ result: inout ObjectRunPointer?) -> Status {
    var status = Status.ok
    guard let cell = takeDescriptor(&status) else { return status }
    let run = ObjectRunPointer(bitPattern: cell).unsafelyUnwrapped
    let bytes = pointee.provider.givesRuns ? bytes : PageSize.large.size
    let alignment = pointee.provider.givesRuns ? max(alignment, page.size) : bytes
    guard let address = requestPages(bytes, alignment, &status, isRun: true) else { return giveBack(run, status) }
    run.initialize(to: ObjectRun(start: address, bytes: bytes))
    status = isInitialized ? takeIn(run, alignment) : .notInitialized
    returnUnusable(address, bytes, status, isRun: true)
    guard status == .ok else { return giveBack(run, status) }
    result = run
    return .ok
  }

  private func takeIn(_ run: ObjectRunPointer, _ alignment: UInt) -> Status {
    let (address, bytes) = (run.pointee.start, run.pointee.bytes)
    guard canBeRun(address, bytes, alignment: alignment) else { return .badPage }
    return directory.change {
      if directory.holdsAny(address, bytes) || isSealed(endingAt: address &+ bytes) { return .pageOwned }
      directory.pointee.runs.insert(run)
      countTaken(bytes)
      return .ok
    }
  }

  /// Gives an unused descriptor back. Not if the zone has ended, because its page is gone.
  private func giveBack(_ run: ObjectRunPointer, _ status: Status) -> Status {
    if isInitialized {
      directory.change { directory.pointee.runs.descriptors.giveBack(UInt(bitPattern: run), pageMask: page.mask) }
    }
    return status
  }

  /// Pushes a run that serves objects from now on. It must hold one of this size.
  func refillRun(_ address: UInt, _ bytes: UInt, size: UInt, alignment: UInt) -> Status {
    guard bytes & page.mask == 0, bytes >= pushedRunBytes(size: size) else { return .wrongPageSize }
    guard canBeRun(address, bytes, alignment: max(alignment, page.size)) else { return .badPage }
    let descriptor = ObjectRunPointer(bitPattern: address &+ bytes &- UInt(MemoryLayout<ObjectRun>.stride))
    guard let run = descriptor else { return .badPage }
    let charged = charge(bytes)
    guard charged == .ok else { return charged }
    let status: Status = directory.change {
      if directory.holdsAny(address, bytes) || isSealed(endingAt: address &+ bytes) { return .pageOwned }
      run.initialize(to: ObjectRun(start: address, bytes: bytes))
      directory.pointee.runs.insert(run)
      directory.pointee.runs.free.push(run)
      countTaken(bytes)
      return .ok
    }
    if status != .ok { uncharge(bytes) }
    return status
  }

  /// The bytes of a run to push for a layout above the size classes.
  func pushedRunBytes(size: UInt) -> UInt {
    roundUp(max(size, 1) &+ canarySize &+ UInt(MemoryLayout<ObjectRun>.stride), to: page.size)
  }
}
