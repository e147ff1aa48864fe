import CSlabPort

/// The process-wide provider on mmap.
///
/// Address space is taken in arenas: 32 MiB, aligned to their size, each a region of base pages of 64 KiB that also
/// gives 15 large pages. An arena is found from a page by a mask. Zero-filled memory is a provider without arenas.
///
///     0        32 KiB            48 KiB   64 KiB                          32 MiB
///     | guard  | Region, rest 0  | guard  | page | page | ... | page      |
///
/// Guards can't be touched: what writes over the end of an arena below, or before the first page, faults. Where the
/// system refuses them, or has pages that are larger, there are none.
///
/// Which arenas there are is also told by a map over the address space, so that a page that came by a refill from
/// elsewhere is known for what it is.
///
/// Lists: `open` holds the arenas with a free base page, last in first out; a full arena is in no list. At most one
/// arena that is whole is kept, the rest are unmapped.
struct MmapProvider: ~Copyable {
  var lock: Lock
  var open: LinkedStack<Region>
  /// Whole arenas in `open`: 0 or 1.
  var wholeArenas: UInt
  var ledger: Ledger

  static let arenaSize: UInt = 32 << 20
  static var page: PageSize { .kib64 }
  /// Where the region of an arena is, and where its guards are.
  static let stateOffset: UInt = 32 << 10
  static let secondGuard: UInt = 48 << 10
}

typealias MmapProviderPointer = UnsafeMutablePointer<MmapProvider>

extension UnsafeMutablePointer where Pointee == MmapProvider {
  /// The one provider of the process.
  @inline(__always) static var shared: MmapProviderPointer {
    UnsafeMutableRawPointer(slm_port_system_pages_address()).assumingMemoryBound(to: MmapProvider.self)
  }

  var provider: PageProvider {
    PageProvider(
      pageSize: MmapProvider.page, context: UnsafeMutableRawPointer(self), allocate: takeFromSystem,
      release: giveBackToSystem)
  }

  func take(_ page: PageSize) -> UInt? {
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    guard let address = takeFromOpen(page) ?? takeFromNewArena(page) else { return nil }
    pointee.ledger.take(page)
    return address
  }

  private func takeFromOpen(_ page: PageSize) -> UInt? {
    var arena = pointee.open.first
    while let region = arena {
      let wasWhole = region.isWhole
      if let address = region.take(page) {
        if wasWhole { pointee.wholeArenas -= 1 }
        if region.pointee.freePages == 0 { pointee.open.remove(region) }
        return address
      }
      arena = region.pointee.next
    }
    return nil
  }

  private func takeFromNewArena(_ page: PageSize) -> UInt? {
    let state = MmapProvider.stateOffset
    guard let base = Self.mapAligned(MmapProvider.arenaSize),
      let region = RegionPointer.make(
        buffer: base + state, size: MmapProvider.arenaSize - state, page: MmapProvider.page)
    else { return nil }
    Self.addGuards(base)
    setArena(base, true)
    pointee.open.push(region)
    return region.take(page)
  }

  func giveBack(_ address: UInt, _ page: PageSize) {
    let base = address & ~(MmapProvider.arenaSize - 1)
    guard isInArena(address), let region = RegionPointer(bitPattern: base + MmapProvider.stateOffset) else { return }
    // The page is still the caller's, so its memory can go without the lock.
    slm_port_discard(UnsafeMutableRawPointer(bitPattern: address), page.bytes)
    pointee.lock.acquire()
    if region.pointee.freePages == 0 { pointee.open.push(region) }
    region.giveBack(address, page)
    pointee.ledger.giveBack(page)
    let surplus = region.isWhole && pointee.wholeArenas == 1
    if surplus {
      pointee.open.remove(region)
      setArena(address, false)
    } else if region.isWhole {
      pointee.wholeArenas = 1
    }
    pointee.lock.release()
    if surplus { slm_port_unmap(UnsafeMutableRawPointer(bitPattern: base), Int(MmapProvider.arenaSize)) }
  }

  private func isInArena(_ address: UInt) -> Bool {
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    guard let (word, bit) = Self.arenaBit(address) else { return false }
    return word.pointee & bit != 0
  }

  private func setArena(_ address: UInt, _ exists: Bool) {
    guard let (word, bit) = Self.arenaBit(address) else { return }
    if exists { word.pointee |= bit } else { word.pointee &= ~bit }
  }

  /// The place of an address in the map of arenas; nil outside the address space of programs.
  private static func arenaBit(_ address: UInt) -> (word: UnsafeMutablePointer<UInt64>, bit: UInt64)? {
    let arena = address / MmapProvider.arenaSize
    guard arena / 64 < UInt(SLM_PORT_ADDRESS_BITS_WORDS) else { return nil }
    return (slm_port_arenas_address() + Int(arena / 64), 1 &<< UInt64(arena & 63))
  }

  /// Without the second one an arena is an arena, too.
  private static func addGuards(_ base: UInt) {
    let (state, second) = (MmapProvider.stateOffset, MmapProvider.secondGuard)
    guard UInt(slm_port_page_size()) <= second - state else { return }
    _ = slm_port_protect(UnsafeMutableRawPointer(bitPattern: base), Int(state))
    _ = slm_port_protect(
      UnsafeMutableRawPointer(bitPattern: base + second), Int(UInt(MmapProvider.page.bytes) - second))
  }

  /// Maps memory aligned to its size: twice as much is mapped, and what is over goes back.
  private static func mapAligned(_ size: UInt) -> UInt? {
    guard let memory = slm_port_map(Int(size * 2)) else { return nil }
    let start = UInt(bitPattern: memory)
    let base = roundUp(start, to: size)
    if base > start { slm_port_unmap(memory, Int(base - start)) }
    let end = base + size
    if start + size * 2 > end { slm_port_unmap(UnsafeMutableRawPointer(bitPattern: end), Int(start + size * 2 - end)) }
    return base
  }
}

private func takeFromSystem(_ context: UnsafeMutableRawPointer?, _ bytes: Int) -> UnsafeMutableRawPointer? {
  guard let page = PageSize(bytes: bytes) else { return nil }
  return UnsafeMutableRawPointer(bitPattern: MmapProviderPointer.shared.take(page) ?? 0)
}

private func giveBackToSystem(_ context: UnsafeMutableRawPointer?, _ memory: UnsafeMutableRawPointer, _ bytes: Int) {
  guard let page = PageSize(bytes: bytes) else { return }
  MmapProviderPointer.shared.giveBack(UInt(bitPattern: memory), page)
}

extension PageProvider {
  /// The process-wide provider on mmap: base pages of 64 KiB, and large pages. Safe for any thread.
  public static var mmap: PageProvider { MmapProviderPointer.shared.provider }
}
