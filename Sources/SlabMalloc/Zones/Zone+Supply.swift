import CSlabmalloc

/// A call of the provider that is under way. Lives on the stack of its caller, linked into `Zone.pulls`.
struct Pull {
  /// Who calls: `Platform.context()`, or 0 in a zone of one thread.
  let context: UInt
  var outer: UnsafeMutablePointer<Pull>?
}

/// Where slots come from when a bin has none left.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Gives a bin a slab, if one can be had: an empty one of another bin, else a page of the provider's.
  /// On success the caller tries again; another thread may have been faster. With `nowait` the provider is not called.
  func supply(_ bin: BinPointer, nowait: Bool = false) -> Status {
    // Without a provider the pages of a class are its client's to move: refill gave them to that class.
    guard pointee.provider.allocate != nil else { return .outOfMemory }
    if carveEmpty(for: bin) { return .ok }
    let status = nowait ? Status.outOfMemory : pull(bin)
    guard status != .ok else { return .ok }
    // The last resort: slabs that are current but empty, which are left alone while there are pages.
    returnReady(bin.pointee.page)
    return carveEmpty(for: bin) ? .ok : status
  }

  /// Makes an empty slab of another bin one of this bin's.
  private func carveEmpty(for bin: BinPointer) -> Bool {
    guard let slab = takeEmpty(bin.pointee.page, besides: bin) else { return false }
    carve(slab, for: bin)
    bin.add(slab)
    return true
  }

  /// An empty slab with pages of a size, out of any bin that can spare one.
  @inline(never) func takeEmpty(_ page: PageSize, besides taker: BinPointer? = nil) -> SlabPointer? {
    for index in 0..<pointee.binCount where bin(index).pointee.page == page && bin(index) != taker {
      if !Build.isSmall, let slab = bin(index).pointee.empty.first, !isIntact(slab) { continue }
      if let slab = bin(index).takeSpare() { return slab }
    }
    return nil
  }

  @inline(never) private func pull(_ bin: BinPointer) -> Status {
    var pull = Pull(context: pointee.gate == nil ? 0 : Platform.context(), outer: pointee.pulls)
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

  /// Other threads' pulls may have been linked since, so it need not be the first.
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

  /// A page that can't be used goes back, unless it is somebody's already.
  func returnUnusable(_ address: UInt, _ page: PageSize, _ status: Status) {
    if status != .ok && status != .pageOwned { releasePage(address, page) }
  }

  /// Asks for a page, without the lock.
  func requestPage(_ page: PageSize) -> UInt? {
    let provider = pointee.provider
    guard let allocate = provider.allocate else { return nil }
    guard let memory = unlocked({ allocate(provider.context, page.bytes) }) else { return nil }
    return UInt(bitPattern: memory)
  }

  /// Gives a page back, without the lock. What the zone knows of it must be gone before.
  @inline(never) func releasePage(_ address: UInt, _ page: PageSize) {
    let provider = pointee.provider
    guard let release = provider.release, let memory = UnsafeMutableRawPointer(bitPattern: address) else { return }
    unlocked { release(provider.context, memory, page.bytes) }
  }
}
