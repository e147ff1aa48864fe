import CSlabmalloc

/// A call of the provider, of a shrinker or of a constructor in progress. It lives on the stack of its caller and is
/// linked into `ZoneState.pulls`.
struct Pull {
  /// The caller: `Platform.context()`, or 0 in a zone for one thread.
  let context: UInt
  let purpose: Purpose
  var outer: UnsafeMutablePointer<Pull>?

  /// Which function of the client runs.
  enum Purpose: UInt8 {
    case page
    case shrinking
    case constructing
  }
}

/// The supply of a bin that has no slots left: an empty slab of another bin, or a page from the provider.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Gives a bin a slab if possible: an empty one of another bin, else a page from the provider. On success the caller
  /// tries again, because another thread may have been faster. With `nowait` it does not call the provider.
  ///
  /// Before it fails, shrinkers are asked; see Zone+Shrink. `anySlot` says that any slot of the bin helps the caller.
  func supply(_ bin: BinPointer, nowait: Bool = false, anySlot: Bool = true) -> Status {
    let status = supplyPage(bin, nowait: nowait)
    guard !Build.isSmall, !nowait, status != .ok else { return status }
    return supplyByShrinking(bin, status, anySlot: anySlot)
  }

  /// The same without shrinkers.
  func supplyPage(_ bin: BinPointer, nowait: Bool = false) -> Status {
    // Without a provider the client assigns pages: refill gave them to their class, and they stay there.
    guard pointee.provider.allocate != nil else { return .outOfMemory }
    if carveEmpty(for: bin) { return .ok }
    let status = nowait ? Status.outOfMemory : pull(bin)
    guard status != .ok else { return .ok }
    // The last resort: current slabs that are empty. They stay untouched while there are pages.
    returnReady(bin.pointee.page)
    return carveEmpty(for: bin) ? .ok : status
  }

  /// Carves an empty slab of another bin anew for this bin.
  private func carveEmpty(for bin: BinPointer) -> Bool {
    guard let slab = takeEmpty(bin.pointee.page, besides: bin) else { return false }
    carve(slab, for: bin)
    bin.add(slab)
    return true
  }

  /// An empty slab with pages of this size, from any bin that can spare one.
  @inline(never) func takeEmpty(_ page: PageSize, besides taker: BinPointer? = nil) -> SlabPointer? {
    for index in 0..<pointee.binCount where bin(index).pointee.page == page && bin(index) != taker {
      if !Build.isSmall, let slab = bin(index).pointee.empty.first, !isIntact(slab) { continue }
      if let slab = bin(index).takeSpare() { return slab }
    }
    return nil
  }

  @inline(never) private func pull(_ bin: BinPointer) -> Status {
    if isPulling(context) { return .reentrant }
    return asPull(.page) {
      let status = takePage(for: bin)
      if status == .ok { growTable(basePages); growTable(largePages) }
      return status
    }
  }

  /// The caller, as a pull records it.
  var context: UInt { Build.isSmall || pointee.gate == nil ? 0 : Platform.context() }

  /// Runs the body, which calls a function of the client, with a record of it.
  @inline(__always) func asPull<Result>(_ purpose: Pull.Purpose, _ body: () -> Result) -> Result {
    var pull = Pull(context: context, purpose: purpose, outer: nil)
    return withUnsafeMutablePointer(to: &pull) { pull in
      pull.pointee.outer = pointee.pulls
      pointee.pulls = pull
      let result = body()
      unlink(pull)
      return result
    }
  }

  func isPulling(_ context: UInt) -> Bool {
    var pull = pointee.pulls
    while let found = pull {
      if found.pointee.context == context { return true }
      pull = found.pointee.outer
    }
    return false
  }

  /// Unlinks a pull. It need not be the first, because other threads may have linked theirs since.
  @inline(never) private func unlink(_ pull: UnsafeMutablePointer<Pull>) {
    guard pointee.pulls != pull else { pointee.pulls = pull.pointee.outer; return }
    var link = pointee.pulls
    while let found = link, found.pointee.outer != pull { link = found.pointee.outer }
    link?.pointee.outer = pull.pointee.outer
  }

  private func takePage(for bin: BinPointer) -> Status {
    let page = bin.pointee.page
    var status = Status.ok
    guard let address = requestPage(page, &status) else { return status }
    status = isInitialized ? refill(bin, page: address, pageSize: page.bytes) : .notInitialized
    returnUnusable(address, page, status)
    return status
  }

  /// Gives back a page that the zone cannot use, unless an allocator already owns it.
  func returnUnusable(_ address: UInt, _ page: PageSize, _ status: Status) {
    if status != .ok { uncharge(page.size) }
    if status != .ok && status != .pageOwned { releasePage(address, page) }
  }

  /// Requests a page from the provider, without the lock, and counts it. Without a page, `status` gets the reason.
  func requestPage(_ page: PageSize, _ status: inout Status) -> UInt? {
    let provider = pointee.provider
    guard let allocate = provider.allocate else { return nil }
    status = charge(page.size)
    guard status == .ok else { return nil }
    guard let memory = unlocked({ allocate(provider.context, page.bytes) }) else {
      uncharge(page.size)
      status = isInitialized ? Status.outOfMemory : .notInitialized
      return nil
    }
    return UInt(bitPattern: memory)
  }

  /// Gives a page back to the provider, without the lock. The zone must have forgotten the page before.
  @inline(never) func releasePage(_ address: UInt, _ page: PageSize) {
    let provider = pointee.provider
    guard let release = provider.release, let memory = UnsafeMutableRawPointer(bitPattern: address) else { return }
    unlocked { release(provider.context, memory, page.bytes) }
  }
}
