import CSlabmalloc

/// Calls of the provider. They run without the zone's lock, and anything may have changed when they return.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Requests a page or a run from the provider, and counts it to the limits. Without one, `status` gets the reason.
  func requestPages(_ bytes: UInt, _ alignment: UInt, _ status: inout Status, isRun: Bool = false) -> UInt? {
    let provider = pointee.provider
    status = .outOfMemory
    guard provider.allocate != nil || !Build.isSmall && provider.givesRuns else { return nil }
    let charged = charge(bytes)
    guard charged == .ok else {
      status = charged
      return nil
    }
    var memory: UnsafeMutableRawPointer?
    if !Build.isSmall, bytes != page.size || isRun, let allocateRun = provider.allocateRun, provider.givesRuns {
      memory = unlocked {
        allocateRun(provider.context, Int(bitPattern: bytes), Int(bitPattern: alignment))
      }
    } else if let allocate = provider.allocate {
      memory = unlocked { allocate(provider.context, Int(bitPattern: bytes)) }
    }
    if let memory { return UInt(bitPattern: memory) }
    uncharge(bytes)
    if !isInitialized { status = .notInitialized }
    return nil
  }

  /// Gives pages back to the provider. The zone must have forgotten them before. Nothing happens without a provider. No
  /// lookup reads the run of an object.
  @inline(never) func releasePages(_ address: UInt, _ bytes: UInt, isRun: Bool = false) {
    defer { uncharge(bytes) }
    guard pointee.provider.release != nil else { return }
    unlocked {
      if !isRun { quiesce() }
      release(address, bytes, isRun: isRun)
    }
  }

  /// Waits until no lookup of another zone reads pages that have left. Runs without the lock.
  @inline(__always) func quiesce() {
    if !Build.isSmall, let gate = pointee.gate { gate.pointee.quiesce?(gate.pointee.group) }
  }

  /// The part of `releasePages` that runs without a lock.
  func release(_ address: UInt, _ bytes: UInt, isRun: Bool = false) {
    let provider = pointee.provider
    guard let release = provider.release, let memory = UnsafeMutableRawPointer(bitPattern: address) else { return }
    let isPage =
      bytes == page.size && !(isRun && provider.givesRuns)
      || !Build.isSmall && bytes == PageSize.large.size && !provider.givesRuns
    if Build.isSmall || isPage {
      release(provider.context, memory, Int(bitPattern: bytes))
    } else if let releaseRun = provider.releaseRun {
      releaseRun(provider.context, memory, Int(bitPattern: bytes))
    } else {
      // A pushed run goes to a provider that knows single pages.
      for offset in stride(from: 0, to: Int(bitPattern: bytes), by: page.bytes) {
        release(provider.context, memory + offset, page.bytes)
      }
    }
  }

  /// Gives back pages that the zone cannot use, unless an allocator already owns them.
  func returnUnusable(_ address: UInt, _ bytes: UInt, _ status: Status, isRun: Bool = false) {
    if status == .ok { return }
    if status == .pageOwned { uncharge(bytes) } else { releasePages(address, bytes, isRun: isRun) }
  }

  /// Counts pages of slabs and objects. A large page counts as such where the provider gives no runs.
  func countTaken(_ bytes: UInt) {
    count(bytes) {
      pointee.ledger.take($0)
    } pages: {
      pointee.ledger.take(pages: $0)
    }
    notePeak()
  }

  /// Counts pages that leave. With `isMoving` they are still the client's: they count to the limits, and another ledger
  /// counts them from now on. Other pages count to the limits until the provider or the client has them.
  func countGone(_ bytes: UInt, isMoving: Bool = false) {
    if !Build.isSmall, isMoving {
      return count(bytes) {
        pointee.ledger.untake($0)
      } pages: {
        pointee.ledger.untake(pages: $0)
      }
    }
    count(bytes) {
      pointee.ledger.giveBack($0)
    } pages: {
      pointee.ledger.giveBack(pages: $0)
    }
  }

  /// Counts pages as the ledger does: as a large page or as base pages.
  @inline(__always) func count(_ bytes: UInt, page: (PageSize) -> Void, pages: (UInt) -> Void) {
    if isLargePage(bytes) { page(.large) } else { pages(bytes &>> UInt(self.page.shift)) }
  }

  func isLargePage(_ bytes: UInt) -> Bool {
    !Build.isSmall && bytes == PageSize.large.size && !pointee.provider.givesRuns
  }
}
