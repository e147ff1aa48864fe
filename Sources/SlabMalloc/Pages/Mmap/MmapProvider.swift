import CSlabPort

/// The process-wide page provider on mmap. It gives base pages of 64 KiB, large pages, and runs to the zones of a
/// hosted program.
///
/// The provider takes address space in arenas of 32 MiB, aligned to their size. Each arena is a region of base pages
/// that also gives 15 large pages, and runs of up to 4 MiB. A longer run has an arena of its own, of as many times 32
/// MiB as it needs. Zero-filled memory is a provider without arenas.
///
///     0        32 KiB            48 KiB   64 KiB                          32 MiB
///     | guard  | Region, rest 0  | guard  | page | page | ... | page      |
///     | guard  | Region, rest 0  | guard  | run ...                  | guard, into which the run may grow |
///
/// Guards are inaccessible: a write over the end of the arena below, before the first page, or behind a long run
/// faults. There are no guards if the system refuses them or has larger pages.
///
/// Two maps over the address space record which arenas exist, and where they start. The provider ignores a page from
/// elsewhere, which a zone may hold after a refill, and pages that were not taken.
///
/// Lists: `open` is a stack of the arenas that have a free base page. A full arena and the arena of a long run are in
/// no list. The provider keeps at most one whole arena of 32 MiB and unmaps the others.
struct MmapProvider: ~Copyable {
  var lock: Lock
  var open: LinkedStack<Region>
  /// Whole arenas in `open`: 0 or 1.
  var wholeArenas: UInt
  var ledger: Ledger

  static let arenaSize: UInt = 32 << 20
  static var page: PageSize { .kib64 }
  /// The longest run, and the largest alignment, that an arena serves beside others.
  static let largestShared: UInt = 4 << 20
  /// Offsets in an arena: the region's state, and the second guard. The first guard starts at 0.
  static let stateOffset: UInt = 32 << 10
  static let secondGuard: UInt = 48 << 10
}

typealias MmapProviderPointer = UnsafeMutablePointer<MmapProvider>

extension UnsafeMutablePointer where Pointee == MmapProvider {
  /// The one provider of the process.
  @inline(__always) static var shared: MmapProviderPointer {
    UnsafeMutableRawPointer(slm_port_system_pages_address()).assumingMemoryBound(to: MmapProvider.self)
  }

  func take(_ page: PageSize) -> UInt? {
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    guard let address = takeShared({ $0.take(page) }) else { return nil }
    pointee.ledger.take(page)
    return address
  }

  func takeRun(size: UInt, alignment: UInt) -> UInt? {
    guard size != 0, size & MmapProvider.page.mask == 0, isPowerOfTwo(alignment), alignment >= MmapProvider.page.size
    else { return nil }
    guard max(size, alignment) <= MmapProvider.largestShared else { return takeLong(size, alignment) }
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    guard let address = takeShared({ $0.takeRun(size: size, alignment: alignment) }) else { return nil }
    pointee.ledger.take(pages: size &>> UInt(MmapProvider.page.shift))
    return address
  }

  /// Takes from an open arena, else from a new one.
  private func takeShared(_ take: (RegionPointer) -> UInt?) -> UInt? {
    var arena = pointee.open.first
    while let region = arena {
      let wasWhole = region.isWhole
      if let address = take(region) {
        if wasWhole { pointee.wholeArenas -= 1 }
        if region.pointee.freePages == 0 { pointee.open.remove(region) }
        return address
      }
      arena = region.pointee.next
    }
    guard let region = Self.mapArena(MmapProvider.arenaSize) else { return nil }
    setArena(region, MmapProvider.arenaSize, true)
    pointee.open.push(region)
    return take(region)
  }

  /// Takes a run that has an arena of its own.
  private func takeLong(_ size: UInt, _ alignment: UInt) -> UInt? {
    // The region's state takes less than a byte for each 8 KiB.
    let (sum, overflow) = size.addingReportingOverflow(size &>> 13 &+ 2 * MmapProvider.page.size &+ alignment)
    guard !overflow, sum <= 1 &<< 47 else { return nil }
    let total = roundUp(sum, to: MmapProvider.arenaSize)
    guard let region = Self.mapArena(total) else { return nil }
    region.pointee.isOfOneRun = true
    guard let address = region.takeRun(size: size, alignment: alignment) else {
      slm_port_unmap(UnsafeMutableRawPointer(bitPattern: Self.base(region)), Int(total))
      return nil
    }
    let end = address &+ size
    _ = slm_port_protect(UnsafeMutableRawPointer(bitPattern: end), Int(Self.base(region) &+ total &- end))
    pointee.lock.acquire()
    setArena(region, total, true)
    pointee.ledger.take(pages: size &>> UInt(MmapProvider.page.shift))
    pointee.lock.release()
    return address
  }
}
