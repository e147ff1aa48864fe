import CSlabmalloc

/// A call of the provider in progress. It lives on the stack of its caller and is linked into `ZoneState.pulls`.
struct Pull {
  /// The caller: `Platform.context()`, or 0 in a zone for one thread.
  let context: UInt
  var outer: UnsafeMutablePointer<Pull>?
}

/// The supply of a bin that has no slots left: an empty slab of another bin, or a page from the provider.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Gives a bin a slab if possible: an empty one of another bin, else a page from the provider. On success the caller
  /// tries again, because another thread may have been faster. With `nowait` it does not call the provider.
  func supply(_ bin: BinPointer, nowait: Bool = false) -> Status {
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
    let context = Build.isSmall || pointee.gate == nil ? 0 : Platform.context()
    var pull = Pull(context: context, outer: pointee.pulls)
    if isPulling(pull.context) { return .reentrant }
    return withUnsafeMutablePointer(to: &pull) { pull in
      pointee.pulls = pull
      let status = takePage(for: bin)
      if status == .ok { growTable(basePages); growTable(largePages) }
      unlink(pull)
      return status
    }
  }

  private func isPulling(_ context: UInt) -> Bool {
    var pull = pointee.pulls
    while let found = pull {
      if found.pointee.context == context { return true }
      pull = found.pointee.outer
    }
    return false
  }

  /// Unlinks a pull. It need not be the first, because other threads may have linked theirs since.
  private func unlink(_ pull: UnsafeMutablePointer<Pull>) {
    guard pointee.pulls != pull else { pointee.pulls = pull.pointee.outer; return }
    var link = pointee.pulls
    while let found = link, found.pointee.outer != pull { link = found.pointee.outer }
    link?.pointee.outer = pull.pointee.outer
  }

  private func takePage(for bin: BinPointer) -> Status {
    let page = bin.pointee.page
    guard let address = requestPage(page) else {
      return isInitialized ? Status.outOfMemory : .notInitialized
    }
    let status = isInitialized ? refill(bin, page: address, pageSize: page.bytes) : .notInitialized
    returnUnusable(address, page, status)
    return status
  }

  /// Gives back a page that the zone cannot use, unless an allocator already owns it.
  func returnUnusable(_ address: UInt, _ page: PageSize, _ status: Status) {
    if status != .ok && status != .pageOwned { releasePage(address, page) }
  }

  /// Requests a page from the provider, without the lock.
  func requestPage(_ page: PageSize) -> UInt? {
    let provider = pointee.provider
    guard let allocate = provider.allocate else { return nil }
    guard let memory = unlocked({ allocate(provider.context, page.bytes) }) else { return nil }
    return UInt(bitPattern: memory)
  }

  /// Gives a page back to the provider, without the lock. The zone must have forgotten the page before.
  @inline(never) func releasePage(_ address: UInt, _ page: PageSize) {
    let provider = pointee.provider
    guard let release = provider.release, let memory = UnsafeMutableRawPointer(bitPattern: address) else { return }
    unlocked { release(provider.context, memory, page.bytes) }
  }
}
