/// A zone: bins for size classes, and the pages they are carved from. Two shapes share it: the zone of all size classes,
/// and the size-class allocator, which has one bin.
///
///     | Zone: state, basePages, largePages, provider, ledger | bin 0 | bin 1 | ... | bin n-1 | directBins | Hardening |
///
/// `directBins` holds, for each size up to `SizeClass.directLimit` in steps of 8, the distance from the zone to its bin.
/// A size-class allocator has none. A hardened zone leaves them unused, and has a `Hardening`.
///
/// It never moves: bins and page maps hold addresses within. Zero-filled memory is a zone that is not initialised, and
/// a zone's functions find that out without a check of its own on the fast paths: `directLimit` 0 sends each allocation, and
/// page maps without buckets each deallocation, to the slow path.
struct ZoneState: ~Copyable {
  /// Sizes up to here find their bin by table: `SizeClass.directLimit`, or 0.
  var directLimit: UInt
  /// Says that the zone is initialised.
  var seal: UInt
  var last: LastAllocation
  var basePages: PageMap
  var largePages: PageMap
  var provider: PageProvider
  /// The lock of the safe zone around this one, held whenever this runs; nil for a zone of one thread.
  var lock: UnsafeMutablePointer<Lock>?
  /// Provider calls under way.
  var pulls: UnsafeMutablePointer<Pull>?
  var binCount: UInt
  var ledger: Ledger
  /// Says that the layouts of deallocations don't matter: the profile fast.
  var ignoresLayouts: Bool
  /// What a hardened zone has besides; nil in others.
  var hardening: HardeningPointer?
  /// The SMP zone that this is a CPU's zone of; nil for others.
  var smp: SmpZonePointer?
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

  @inline(__always) var basePages: PageMapPointer {
    UnsafeMutableRawPointer(self).advanced(by: ZoneState.basePagesOffset).assumingMemoryBound(to: PageMap.self)
  }

  @inline(__always) var largePages: PageMapPointer {
    UnsafeMutableRawPointer(self).advanced(by: ZoneState.basePagesOffset + MemoryLayout<PageMap>.stride)
      .assumingMemoryBound(to: PageMap.self)
  }

  @inline(__always) func pages(_ page: PageSize) -> PageMapPointer { page.isLarge ? largePages : basePages }

  private var ownSeal: UInt { UInt(bitPattern: self) ^ 0x5A0E_5EA1 }

  /// Not for the fast paths, which need no check.
  @inline(__always) var isInitialized: Bool { pointee.seal == ownSeal }

  /// A zone of all size classes.
  func initialize(
    page: PageSize, provider: PageProvider, lock: UnsafeMutablePointer<Lock>? = nil, profile: Profile = .checked
  ) {
    start(page: page, provider: provider, lock: lock, bins: SizeClass.count)
    for index in 0..<SizeClass.count { addBin(index, slotSize: SizeClass.slotSize(index)) }
    for step in 0..<ZoneState.directBinCount {
      let index = SizeClass.index(size: UInt(step + 1) * 8).unsafelyUnwrapped
      directBins[step] = UInt16(ZoneState.binsOffset + Int(index) * Bin.stride)
    }
    pointee.directLimit = SizeClass.directLimit
    start(profile)
  }

  /// A zone of one size, whose one bin is found without a search.
  func initialize(slotSize: UInt, page: PageSize, provider: PageProvider, profile: Profile = .checked) {
    start(page: page, provider: provider, lock: nil, bins: 1)
    addBin(0, slotSize: slotSize)
    start(profile)
  }

  @inline(__always) private func start(_ profile: Profile) {
    guard !Build.isSmall else { return }
    pointee.hardening = nil
    pointee.ignoresLayouts = profile == .fast
    guard profile == .hardened else { return }
    pointee.directLimit = 0
    initializeHardening()
  }

  @inline(never) private func start(
    page: PageSize, provider: PageProvider, lock: UnsafeMutablePointer<Lock>?, bins: UInt
  ) {
    pointee.directLimit = 0
    pointee.seal = ownSeal
    pointee.last = .none
    basePages.initialize(page: page)
    largePages.initialize(page: .large)
    pointee.provider = provider
    pointee.lock = lock
    if !Build.isSmall { pointee.smp = nil }
    pointee.pulls = nil
    pointee.binCount = bins
    pointee.ledger = Ledger()
  }

  private func addBin(_ index: UInt, slotSize: UInt) {
    let page = basePages.page
    let onBase = slotSize <= SlabGeometry.largestOnBasePage(page)
    bin(index).initialize(index: UInt8(index), slotSize: slotSize, page: onBase ? page : .large)
  }

  /// What the zone's fast paths read becomes as in zero-filled memory.
  func end() {
    pointee.directLimit = 0
    if !Build.isSmall { pointee.hardening = nil }
    pointee.seal = 0
    pointee.last = .none
    pointee.pulls = nil
    basePages.end()
    largePages.end()
    // No bin may hold on to slabs: a caller further up may be about to look.
    for index in 0..<pointee.binCount {
      let bin = bin(index)
      bin.initialize(index: bin.pointee.index, slotSize: bin.pointee.slotSize, page: bin.pointee.page)
    }
  }

  /// Of an initialised zone.
  @inline(__always) var isFast: Bool {
    !Build.isSmall && pointee.ignoresLayouts
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
    guard !Build.isSmall, let lock = pointee.lock else { return body() }
    lock.pointee.release()
    let result = body()
    lock.pointee.acquire()
    return result
  }
}

extension ZoneState {
  /// Where things are; `MemoryLayout.offset` is not to be had in Embedded Swift. Held against the compiler's own layout
  /// by ZoneTests.
  static var basePagesOffset: Int {
    Int(roundUp(UInt(MemoryLayout<(UInt, UInt, LastAllocation)>.size), to: UInt(MemoryLayout<PageMap>.alignment)))
  }
  static var binsOffset: Int { Int(roundUp(UInt(MemoryLayout<ZoneState>.stride), to: 64)) }
  static var directBinsOffset: Int { binsOffset + Int(SizeClass.count) * Bin.stride }
  static var directBinCount: Int { Int(SizeClass.directLimit / 8) }
  @inline(__always) static func hardeningOffset(bins: UInt) -> Int {
    bins == 1 ? binsOffset + Bin.stride : directBinsOffset + directBinCount * MemoryLayout<UInt16>.stride
  }
}
