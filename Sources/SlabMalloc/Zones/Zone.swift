/// A zone: bins for size classes, and the pages they are carved from. Two shapes share it: the zone of all size
/// classes, and the size-class allocator, which has one bin.
///
///     | ZoneState: head, provider, ledger | bins | directBins | first buckets | Hardening, quarantines |
///
/// `directBins` holds, for each size up to `SizeClass.directLimit` in steps of 8, the distance from the zone to its
/// bin. A size-class allocator has none. A hardened zone leaves them unused, and has a `Hardening`.
///
/// It never moves: bins and page maps hold addresses within. Zero-filled memory is a zone that is not initialised, and
/// a zone's functions find that out without a check of its own on the fast paths: `directLimit` 0 sends each
/// allocation, and page maps without buckets each deallocation, to the slow path.
struct ZoneState: ~Copyable {
  var head: ZoneHead
  var provider: PageProvider
  /// The way out of a zone that others share; nil in a zone of one thread.
  var gate: PageGatePointer?
  /// Provider calls under way.
  var pulls: UnsafeMutablePointer<Pull>?
  var binCount: UInt
  var ledger: Ledger
  /// Says that the layouts of deallocations don't matter: the profile fast.
  var ignoresLayouts: Bool
  /// What a hardened zone has besides; nil in others.
  var hardening: HardeningPointer?
  /// For reports; the caller's.
  var name: UnsafePointer<CChar>?
  #if SLM_ASSERT
    /// Calls of slow paths, every 64th of which checks the invariants.
    var slowCalls: UInt = 0
  #endif
}

typealias ZonePointer = UnsafeMutablePointer<ZoneState>

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Bytes that a zone of a profile needs. What only a hardened one needs comes last.
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

  /// The first buckets of the page map with pages of a size. A zone with one bin holds pages of one size, and has
  /// buckets for these alone.
  func firstBuckets(_ page: PageSize) -> UnsafeMutablePointer<UInt> {
    let isSecond = page.isLarge && pointee.binCount != 1
    return raw.advanced(
      by: ZoneState.firstBucketsOffset(bins: pointee.binCount) + (isSecond ? PageMap.firstBucketsSize : 0)
    ).assumingMemoryBound(to: UInt.self)
  }

  @inline(__always) func pages(_ page: PageSize) -> PageMapPointer { page.isLarge ? largePages : basePages }

  private var ownSeal: UInt { UInt(bitPattern: self) ^ 0x5A0E_5EA1 }

  /// Not for the fast paths, which need no check.
  @inline(__always) var isInitialized: Bool { pointee.head.seal == ownSeal }

  /// A zone of all size classes.
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
    pointee.name = nil
  }

  private func addPages(_ page: PageSize) { pages(page).initialize(page: page, firstBuckets: firstBuckets(page)) }

  private func addBin(_ index: UInt, slotSize: UInt) {
    let page = basePages.page
    let onBase = slotSize <= SlabGeometry.largestOnBasePage(page)
    bin(index).initialize(index: UInt8(index), slotSize: slotSize, page: onBase ? page : .large)
  }

  /// What the zone's fast paths read becomes as in zero-filled memory.
  func end() {
    pointee.head.directLimit = 0
    if !Build.isSmall { pointee.hardening = nil }
    pointee.head.seal = 0
    pointee.head.last = .none
    pointee.pulls = nil
    basePages.end()
    largePages.end()
    // No bin may hold on to slabs: a caller further up may be about to look.
    for index in 0..<pointee.binCount {
      let bin = bin(index)
      bin.initialize(index: bin.pointee.index, slotSize: bin.pointee.slotSize, page: bin.pointee.page)
    }
  }

  /// Makes a page a slab of a bin, all of whose slots are free.
  @inline(never) func carve(_ slab: SlabPointer, for bin: BinPointer) {
    slab.carve(
      page: bin.pointee.page, slotSize: bin.pointee.slotSize, binIndex: bin.pointee.index, isGuarded: isHardened)
    guard !Build.isSmall, let hardening = pointee.hardening else { return }
    slab.harden()
    slab.setGuards(hardening)
    slab.clearSlots()
  }

  /// Runs the body without the lock: whatever it calls may use this zone.
  @inline(__always) func unlocked<Result>(_ body: () -> Result) -> Result {
    guard !Build.isSmall, let gate = pointee.gate else { return body() }
    return gate.unlocked(body)
  }
}

/// Where the parts of a zone lie in its storage.
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
