/// A zone: bins for size classes, and the pages from which they are carved. Zones and caches share this type. A zone
/// has a bin for every size class, and a cache has one bin.
///
///     | ZoneState: head, provider, ledger | bins | directBins | PageDirectory, first leaf | Hardening, quarantines |
///
/// For each size up to `SizeClass.directLimit` in steps of 8, `directBins` holds the distance from the zone to the bin
/// of the size. A cache has no `directBins`. The zones of a zone per CPU have no directory of their own, but one for
/// all. Only a hardened zone has a `Hardening` and quarantines. Its fast path does not use `directBins`, but its own
/// path does.
///
/// A zone never moves: its seal is tied to its address, and it holds addresses and distances of its own parts.
/// Zero-filled memory is a zone that is not initialised. The fast paths need no check for that: `directLimit` 0 sends
/// each allocation to the slow path, and a directory without a leaf sends each deallocation there.
struct ZoneState: ~Copyable {
  var head: ZoneHead
  /// The zone's own directory, or the one of all CPUs.
  var directory: PageDirectoryPointer?
  var provider: PageProvider
  /// The gate of a zone that others share; nil in a zone for one thread.
  var gate: PageGatePointer?
  /// Calls of the provider in progress.
  var pulls: PullList
  var binCount: UInt
  /// The number of the zone among the zones per CPU, the number of the last one, and the distance between two of them;
  /// else 0.
  var owner: UInt16
  var lastOwner: UInt16
  var stride: UInt32
  /// The slabs and runs that this zone took.
  var ledger: Ledger
  /// Whether the large objects belong to this zone: not if it is one of several CPUs' zones.
  var hasRuns: Bool
  /// Whether deallocations ignore layouts: profile fast.
  var ignoresLayouts: Bool
  #if SLM_ASSERT
    /// Counts calls of slow paths. Every 64th checks the invariants.
    var slowCalls: UInt32 = 0
  #endif
  /// Objects that stayed in a larger slot when they shrank; see Zone+Reallocate.
  var stayed: UInt
  /// The additional state of a hardened zone; nil in other zones.
  var hardening: HardeningPointer?
  /// What the client asked of the zone later; nil in a zone that is not made by the C API.
  var policy: PolicyPointer?
  /// The number of pages that have left the zone, ever. A walk looks for the zone's pages anew when it changes.
  var departures: UInt
  /// The zone's name in reports. The string belongs to the caller.
  var name: UnsafePointer<CChar>?
}

typealias ZonePointer = UnsafeMutablePointer<ZoneState>

extension UnsafeMutablePointer where Pointee == ZoneState {
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

  /// The view that fast paths use.
  @inline(__always) var view: DirectoryViewPointer { fieldPointer(&pointee.head.directory) }

  /// The base page size.
  @inline(__always) var page: PageSize {
    PageSize(shift: UInt8(truncatingIfNeeded: pointee.head.directory.pageShift))
  }

  /// The zone of another CPU, or this one.
  @inline(__always) func sibling(_ owner: UInt16) -> ZonePointer {
    let distance = (Int(owner) &- Int(pointee.owner)) &* Int(pointee.stride)
    return raw.advanced(by: distance).assumingMemoryBound(to: ZoneState.self)
  }

  private var ownSeal: UInt { UInt(bitPattern: self) ^ 0x5A0E_5EA1 }

  /// The fast paths do not use it, because they need no check.
  @inline(__always) var isInitialized: Bool { pointee.head.seal == ownSeal }

  /// Makes a zone of all size classes.
  func initialize(page: PageSize, provider: PageProvider, sharing: Sharing = Sharing(), profile: Profile = .checked) {
    start(page: page, provider: provider, sharing: sharing, bins: SizeClass.count, profile)
    for index in 0..<SizeClass.count { addBin(index, slotSize: SizeClass.slotSize(index), profile) }
    for step in 0..<ZoneState.directBinCount {
      let index = SizeClass.index(size: UInt(step + 1) * 8).unsafelyUnwrapped
      directBins[step] = UInt16(ZoneState.binsOffset + Int(index) * Bin.stride)
    }
    if profile != .hardened { pointee.head.directLimit = SizeClass.directLimit }
    harden(profile)
  }

  /// The bin that serves a layout: a cache has one, for every layout that its slots hold. nil if no class serves it.
  @inline(never) func bin(size: UInt, alignment: UInt) -> BinPointer? {
    pointee.binCount == 1 ? bin(0) : classIndex(size: size, alignment: alignment).map { bin($0) }
  }

  /// A zone of one size, whose one bin is found without a search.
  func initialize(
    slotSize: UInt, page: PageSize, provider: PageProvider, sharing: Sharing = Sharing(), profile: Profile = .checked
  ) {
    start(page: page, provider: provider, sharing: sharing, bins: 1, profile)
    addBin(0, slotSize: slotSize, profile)
    harden(profile)
  }

  @inline(__always) private func harden(_ profile: Profile) {
    guard !Build.isSmall, profile == .hardened else { return }
    initializeHardening()
  }

  @inline(never) private func start(
    page: PageSize, provider: PageProvider, sharing: Sharing, bins: UInt, _ profile: Profile
  ) {
    fieldPointer(&pointee.head).initialize(to: .empty(page: page, .none))
    pointee.head.seal = ownSeal
    pointee.provider = provider
    pointee.gate = sharing.gate
    pointee.owner = sharing.owner
    pointee.lastOwner = sharing.lastOwner
    pointee.stride = sharing.stride
    pointee.pulls = PullList()
    pointee.binCount = bins
    pointee.ledger = Ledger()
    pointee.hasRuns = !Build.isSmall && sharing.hasRuns && bins != 1
    pointee.stayed = 0
    if !Build.isSmall {
      pointee.policy = nil
      pointee.departures = 0
    }
    pointee.name = nil
    pointee.hardening = nil
    pointee.ignoresLayouts = !Build.isSmall && profile == .fast
    if let directory = sharing.directory {
      pointee.directory = directory
    } else {
      let directory = raw.advanced(by: ZoneState.directoryOffset(bins: bins)).assumingMemoryBound(
        to: PageDirectory.self)
      pointee.directory = directory
      // A hardened zone's head shows no pages.
      directory.initialize(page, copy: profile == .hardened ? nil : view, isShared: false, bins: bins)
    }
  }

  private func addBin(_ index: UInt, slotSize: UInt, _ profile: Profile) {
    var bytes = page.size
    if !Build.isSmall {
      if pointee.provider.givesRuns {
        let isAligned = pointee.binCount == 1 && SizeClass.naturalAlignment(slotSize) > page.size
        bytes = SlabGeometry.slabBytes(
          slotSize: slotSize, page: page, isGuarded: profile == .hardened, isAligned: isAligned)
      } else if slotSize > SlabGeometry.largestOnBasePage(page) {
        bytes = PageSize.large.size
      }
    }
    bin(index).initialize(index: UInt8(index), slotSize: slotSize, slabBytes: bytes)
  }

  /// Ends the zone: the fields that fast paths read become as in zero-filled memory.
  func end() {
    pointee.head.directLimit = 0
    if !Build.isSmall { pointee.hardening = nil }
    pointee.head.seal = 0
    pointee.head.last = .none
    pointee.hasRuns = false
    pointee.pulls = PullList()
    pointee.head.directory = .empty(page)
    // No bin may keep slabs, because a caller further up the stack may look at the bin next.
    for index in 0..<pointee.binCount {
      let bin = bin(index)
      bin.initialize(index: bin.pointee.index, slotSize: bin.pointee.slotSize, slabBytes: UInt(bin.pointee.slabBytes))
    }
  }

  /// Carves a run of pages for a bin. All slots are free.
  @inline(never) func carve(_ slab: SlabPointer, from start: UInt, for bin: BinPointer, lodgers: UInt8 = 0) {
    if Build.isSmall {
      return slab.carveInChain {
        slab.carve(start: start, slotSize: bin.pointee.slotSize, binIndex: bin.pointee.index, owner: 0)
      }
    }
    slab.carve(
      start: start, slotSize: bin.pointee.slotSize, binIndex: bin.pointee.index, owner: pointee.owner,
      isGuarded: isHardened, lodgers: lodgers)
    guard !Build.isSmall, let hardening = pointee.hardening else { return }
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
