import CSlabmalloc

/// The supply of a bin that has no slots left: an empty slab of another bin, or a slab from the provider.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Gives a bin a slab if possible: an empty one of another bin, else pages from the provider. On success the caller
  /// tries again, because another thread may have been faster. With `nowait` it does not call the provider.
  ///
  /// Before it fails, shrinkers are asked; see Zone+Shrink. `anySlot` says that any slot of the bin helps the caller.
  @inline(never) func supply(_ bin: BinPointer, nowait: Bool = false, anySlot: Bool = true) -> Status {
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
    returnReady()
    if carveEmpty(for: bin) { return .ok }
    guard !Build.isSmall, status == .outOfMemory, !nowait, giveEmptyBack(besides: bin) else { return status }
    return pull(bin)
  }

  /// Carves an empty slab of another bin anew for this bin.
  @inline(never) private func carveEmpty(for bin: BinPointer) -> Bool {
    for index in 0..<pointee.binCount where self.bin(index) != bin {
      guard let slab = self.bin(index).takeSpare({ isIntact($0) && canServe($0, bin) }) else { continue }
      carve(slab, from: slab.pointee.start, for: bin)
      bin.add(slab)
      return true
    }
    return false
  }

  private func canServe(_ slab: SlabPointer, _ bin: BinPointer) -> Bool {
    Build.isSmall || accepts(slab.bytes, bin) && slab.pointee.start & (slabAlignment(slab.bytes, bin) &- 1) == 0
  }

  /// Whether a run of this many bytes can be a slab of a bin: it holds a slot, and is no larger than what the bin takes
  /// from the provider or, for slots above a base page's, a large page.
  func accepts(_ bytes: UInt, _ bin: BinPointer) -> Bool {
    if Build.isSmall { return bytes == page.size }
    let isSmall = bin.pointee.slotSize <= SlabGeometry.largestOnBasePage(page)
    let most = max(UInt(bin.pointee.slabBytes), isSmall ? page.size : PageSize.large.size)
    return bytes & page.mask == 0 && bytes <= most && bytes >= bin.pointee.slotSize
      && bin.geometry(bytes: bytes).slotCount > 0
  }

  /// The alignment of a slab of a bin: that of its slots. Where only a run has a larger one than a base page's,
  /// a base page's is enough.
  func slabAlignment(_ bytes: UInt, _ bin: BinPointer) -> UInt {
    if bytes == PageSize.large.size { return bytes }
    if !Build.isSmall, pointee.provider.givesRuns, pointee.binCount != 1 { return page.size }
    return max(page.size, SizeClass.naturalAlignment(bin.pointee.slotSize))
  }

  @inline(never) private func pull(_ bin: BinPointer) -> Status {
    pulling {
      let full = UInt(bin.pointee.slabBytes)
      guard !Build.isSmall, pointee.provider.givesRuns else { return pullSlab(bin, full) }
      let wanted = bin.pointee.pulled >= SlabGeometry.manyPulled ? full : earlySlabBytes(bin, bin.pointee.pulled)
      var status = pullSlab(bin, wanted)
      bin.pointee.pulled = min(bin.pointee.pulled + 1, SlabGeometry.manyPulled)
      // A provider without such a run may have a shorter one.
      let short = earlySlabBytes(bin, 0)
      if status.isShortage, short < wanted { status = pullSlab(bin, short) }
      let least = roundUp(bin.pointee.slotSize &+ SlabGeometry.descriptorSize &+ 64, to: page.size)
      if status.isShortage, least < min(short, wanted) { status = pullSlab(bin, least) }
      return status
    }
  }

  /// Bytes of a slab that a bin takes after so many. A cache needs its slots: its first slab is as others' second.
  private func earlySlabBytes(_ bin: BinPointer, _ pulled: UInt8) -> UInt {
    let isCache = pointee.binCount == 1
    if isCache && SizeClass.naturalAlignment(bin.pointee.slotSize) > page.size { return UInt(bin.pointee.slabBytes) }
    return SlabGeometry.slabBytes(
      slotSize: bin.pointee.slotSize, page: page, isGuarded: isHardened, pulled: isCache ? max(pulled, 1) : pulled)
  }

  private func pullSlab(_ bin: BinPointer, _ bytes: UInt) -> Status {
    var status = Status.ok
    guard let address = requestPages(bytes, slabAlignment(bytes, bin), &status) else { return status }
    status = isInitialized ? takeIn(address, bytes, for: bin) : .notInitialized
    returnUnusable(address, bytes, status)
    if status == .ok { growWhenCrowded(address) }
    return status
  }

  /// Runs the body, which calls the provider, unless this caller is inside of such a call or of a constructor already.
  func pulling(_ body: () -> Status) -> Status {
    isPulling(context) || isConstructing(for: context) ? .reentrant : asPull(body)
  }

  /// The caller, as a pull records it.
  var context: UInt { Build.isSmall || pointee.gate == nil ? 0 : Platform.context() }

  /// Runs the body, which calls a function of the client, with a record of it.
  @inline(__always) func asPull<Result>(_ body: () -> Result) -> Result {
    var pull = Pull(context: context)
    return withUnsafeMutablePointer(to: &pull) { pull in
      pointee.pulls.add(pull)
      let result = body()
      pointee.pulls.remove(pull)
      return result
    }
  }

  func isPulling(_ context: UInt) -> Bool { pointee.pulls.has(context) }
}
