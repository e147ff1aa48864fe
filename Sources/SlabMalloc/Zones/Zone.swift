/// A zone: bins for size classes, and the pages from which they are carved. Zones and caches share this type. A zone
/// has a bin for every size class, and a cache has one bin.
///
///     | ZoneState: head, provider, ledger | bins | directBins | first buckets | Hardening, quarantines |
///
/// For each size up to `SizeClass.directLimit` in steps of 8, `directBins` holds the distance from the zone to the bin
/// of the size. A cache has no `directBins`. Only a hardened zone has a `Hardening` and quarantines. Its fast path does
/// not use `directBins`, but its own path does.
///
/// A zone never moves: its seal is tied to its address, and it holds addresses and distances of its own parts.
/// Zero-filled memory is a zone that is not initialised. The fast paths need no check for that: `directLimit` 0 sends
/// each allocation to the slow path, and page maps without buckets send each deallocation there.
struct ZoneState: ~Copyable {
  var head: ZoneHead
  var provider: PageProvider
  /// The gate of a zone that others share; nil in a zone for one thread.
  var gate: PageGatePointer?
  /// Calls of the provider in progress.
  var pulls: UnsafeMutablePointer<Pull>?
  var binCount: UInt
  var ledger: Ledger
  /// Whether deallocations ignore layouts: profile fast.
  var ignoresLayouts: Bool
  /// The additional state of a hardened zone; nil in other zones.
  var hardening: HardeningPointer?
  /// What the client asked of the zone later; nil in a zone that is not made by the C API.
  var policy: PolicyPointer?
  /// The number of pages that have left the zone, ever. A walk looks for the zone's pages anew when it changes.
  var departures: UInt
  /// The zone's name in reports. The string belongs to the caller.
  var name: UnsafePointer<CChar>?
  #if SLM_ASSERT
    /// Counts calls of slow paths. Every 64th checks the invariants.
    var slowCalls: UInt = 0
  #endif
}

typealias ZonePointer = UnsafeMutablePointer<ZoneState>

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Bytes of storage for a zone of this profile. The part that only a hardened zone needs comes last.
  @inline(__always) static func storageSize(bins: UInt, _ profile: Profile = .hardened) -> Int {
    Build.isSmall || profile != .hardened
      ? ZoneState.hardeningOffset(bins: bins)
      : ZoneState.hardeningOffset(bins: bins) + MemoryLayout<Hardening>.stride
        + (bins == 1 ? Quarantine.largestSize : Quarantine.sizeOfAll)
  }

  @inline(__always) func bin(_ index: UInt) -> BinPointer {
    UnsafeMutableRawPointer(self).advanced(by: ZoneState.binsOffset &+ Int(bitPattern: index) &* Bin.stride)
      .assumingMemoryBound(to: Bin.self)
  }

  /// The bin of a size from 1 to `SizeClass.directLimit`.
  @inline(__always) func directBin(_ size: UInt) -> BinPointer {
    let distance = directBins[Int(bitPattern: (size &- 1) &>> 3)]
    return UnsafeMutableRawPointer(self).advanced(by: Int(distance)).assumingMemoryBound(to: Bin.self)
  }

  @inline(__always) private var directBins: UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(self).advanced(by: ZoneState.directBinsOffset).assumingMemoryBound(to: UInt16.self)
  }

  @inline(__always) var basePages: PageMapPointer { fieldPointer(&pointee.head.basePages) }
  @inline(__always) var largePages: PageMapPointer { fieldPointer(&pointee.head.largePages) }

  /// The first buckets of the page map for pages of this size. A zone with one bin holds pages of one size, and has
  /// buckets for this size alone.
  func firstBuckets(_ page: PageSize) -> UnsafeMutablePointer<UInt> {
    let isSecond = page.isLarge && pointee.binCount != 1
    return raw.advanced(
      by: ZoneState.firstBucketsOffset(bins: pointee.binCount) + (isSecond ? PageMap.firstBucketsSize : 0)
    ).assumingMemoryBound(to: UInt.self)
  }

  @inline(__always) func pages(_ page: PageSize) -> PageMapPointer { page.isLarge ? largePages : basePages }

  private var ownSeal: UInt { UInt(bitPattern: self) ^ 0x5A0E_5EA1 }

  /// The fast paths do not use it, because they need no check.
  @inline(__always) var isInitialized: Bool { pointee.head.seal == ownSeal }

  /// Makes a zone of all size classes.
  func initialize(
    page: PageSize, provider: PageProvider, gate: PageGatePointer? = nil, profile: Profile = .checked
  ) {
    start(page: page, provider: provider, gate: gate, bins: SizeClass.count)
    for index in 0..<SizeClass.count { addBin(index, slotSize: SizeClass.slotSize(index)) }
    addPages(page)
    if !Build.isSmall { addPages(.large) }
    for step in 0..<ZoneState.directBinCount {
      let index = SizeClass.index(size: UInt(step + 1) * 8).unsafelyUnwrapped
      directBins[step] = UInt16(ZoneState.binsOffset + Int(index) * Bin.stride)
    }
    pointee.head.directLimit = SizeClass.directLimit
    start(profile)
  }

  /// The bin that serves a layout: a cache has one, for every layout that its slots hold. nil if no class serves it.
  @inline(never) func bin(size: UInt, alignment: UInt) -> BinPointer? {
    pointee.binCount == 1 ? bin(0) : classIndex(size: size, alignment: alignment).map { bin($0) }
  }

  /// A zone of one size, whose one bin is found without a search.
  func initialize(
    slotSize: UInt, page: PageSize, provider: PageProvider, gate: PageGatePointer? = nil, profile: Profile = .checked
  ) {
    start(page: page, provider: provider, gate: gate, bins: 1)
    addBin(0, slotSize: slotSize)
    addPages(bin(0).pointee.page)
    start(profile)
  }

  @inline(__always) private func start(_ profile: Profile) {
    guard !Build.isSmall else { return }
    pointee.hardening = nil
    pointee.ignoresLayouts = profile == .fast
    guard profile == .hardened else { return }
    pointee.head.directLimit = 0
    initializeHardening()
  }

  @inline(never) private func start(page: PageSize, provider: PageProvider, gate: PageGatePointer?, bins: UInt) {
    fieldPointer(&pointee.head).initialize(to: .face(page: page))
    pointee.head.isFace = false
    pointee.head.seal = ownSeal
    pointee.provider = provider
    pointee.gate = gate
    pointee.pulls = nil
    pointee.binCount = bins
    pointee.ledger = Ledger()
    if !Build.isSmall {
      pointee.policy = nil
      pointee.departures = 0
    }
    pointee.name = nil
  }

  private func addPages(_ page: PageSize) { pages(page).initialize(page: page, firstBuckets: firstBuckets(page)) }

  private func addBin(_ index: UInt, slotSize: UInt) {
    let page = basePages.page
    let onBase = slotSize <= SlabGeometry.largestOnBasePage(page)
    bin(index).initialize(index: UInt8(index), slotSize: slotSize, page: onBase ? page : .large)
  }

  /// Ends the zone: the fields that fast paths read become as in zero-filled memory.
  func end() {
    pointee.head.directLimit = 0
    if !Build.isSmall { pointee.hardening = nil }
    pointee.head.seal = 0
    pointee.head.last = .none
    pointee.pulls = nil
    basePages.end()
    largePages.end()
    // No bin may keep slabs, because a caller further up the stack may look at the bin next.
    for index in 0..<pointee.binCount {
      let bin = bin(index)
      bin.initialize(index: bin.pointee.index, slotSize: bin.pointee.slotSize, page: bin.pointee.page)
    }
  }

  /// Makes a page a slab of a bin. All slots are free.
  @inline(never) func carve(_ slab: SlabPointer, for bin: BinPointer) {
    slab.carve(
      page: bin.pointee.page, slotSize: bin.pointee.slotSize, binIndex: bin.pointee.index, isGuarded: isHardened)
    guard !Build.isSmall, let hardening = pointee.hardening else { return }
    slab.harden()
    slab.setGuards(hardening)
    slab.clearSlots()
  }

  /// The same as `unlocked`, in less code: for calls of the client's functions that are rare.
  @inline(__always) func unlockedSlowly<Result>(_ body: () -> Result) -> Result {
    releaseLock()
    let result = body()
    acquireLock()
    return result
  }

  @inline(never) private func releaseLock() {
    if let gate = pointee.gate { gate.pointee.lock.release() }
  }

  @inline(never) private func acquireLock() {
    if let gate = pointee.gate { gate.pointee.lock.acquire() }
  }

  /// Runs the body without the lock. The code that the body calls may use this zone.
  @inline(__always) func unlocked<Result>(_ body: () -> Result) -> Result {
    guard !Build.isSmall, let gate = pointee.gate else { return body() }
    return gate.unlocked(body)
  }
}

/// Offsets of a zone's parts in its storage.
extension ZoneState {
  static var binsOffset: Int { Int(roundUp(UInt(MemoryLayout<ZoneState>.stride), to: 64)) }
  static var directBinsOffset: Int { binsOffset + Int(SizeClass.count) * Bin.stride }
  static var directBinCount: Int { Int(SizeClass.directLimit / 8) }
  @inline(__always) static func firstBucketsOffset(bins: UInt) -> Int {
    bins == 1 ? binsOffset + Bin.stride : directBinsOffset + directBinCount * MemoryLayout<UInt16>.stride
  }
  @inline(__always) static func hardeningOffset(bins: UInt) -> Int {
    firstBucketsOffset(bins: bins) + (bins == 1 || Build.isSmall ? 1 : 2) * PageMap.firstBucketsSize
  }
}
