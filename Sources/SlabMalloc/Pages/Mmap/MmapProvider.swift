import CSlabPort

/// The process-wide page provider on mmap. It gives base pages of 64 KiB, and large pages, to the zones of a hosted
/// program.
///
/// The provider takes address space in arenas of 32 MiB, aligned to their size. Each arena is a region of base pages
/// that also gives 15 large pages. A mask finds the arena of a page. Zero-filled memory is a provider without arenas.
///
///     0        32 KiB            48 KiB   64 KiB                          32 MiB
///     | guard  | Region, rest 0  | guard  | page | page | ... | page      |
///
/// Guards are inaccessible: a write over the end of the arena below, or before the first page, faults. There are no
/// guards if the system refuses them or has larger pages.
///
/// A map over the address space records which arenas exist. The provider ignores a page from elsewhere, which a zone
/// may hold after a refill.
///
/// Lists: `open` is a stack of the arenas that have a free base page. A full arena is in no list. The provider keeps at
/// most one whole arena and unmaps the others.
struct MmapProvider: ~Copyable {
  var lock: Lock
  var open: LinkedStack<Region>
  /// Whole arenas in `open`: 0 or 1.
  var wholeArenas: UInt
  var ledger: Ledger

  static let arenaSize: UInt = 32 << 20
  static var page: PageSize { .kib64 }
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

  var provider: PageProvider {
    PageProvider(
      pageSize: MmapProvider.page, context: UnsafeMutableRawPointer(self), allocate: takeFromSystem,
      release: giveBackToSystem, allocateRun: takeRunFromSystem, releaseRun: giveBackRunToSystem)
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
    // The page still belongs to the caller, and discarding its memory needs no lock.
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

  func takeRun(size: UInt, alignment: UInt) -> UInt? {
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    var arena = pointee.open.first
    while let region = arena {
      let wasWhole = region.isWhole
      if let address = region.takeRun(size: size, alignment: alignment) {
        if wasWhole { pointee.wholeArenas -= 1 }
        if region.pointee.freePages == 0 { pointee.open.remove(region) }
        pointee.ledger.take(pages: size / MmapProvider.page.size)
        return address
      }
      arena = region.pointee.next
    }
    return nil
  }

  func giveBackRun(_ address: UInt, size: UInt) {
    let base = address & ~(MmapProvider.arenaSize - 1)
    guard isInArena(address), let region = RegionPointer(bitPattern: base + MmapProvider.stateOffset) else { return }
    slm_port_discard(UnsafeMutableRawPointer(bitPattern: address), Int(size))
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    if region.pointee.freePages == 0 { pointee.open.push(region) }
    region.giveBackRun(address, size: size)
    pointee.ledger.giveBack(pages: size / MmapProvider.page.size)
    if region.isWhole { pointee.wholeArenas += 1 }
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

  /// The word and bit of an address in the map of arenas; nil outside the address space of programs.
  private static func arenaBit(_ address: UInt) -> (word: UnsafeMutablePointer<UInt64>, bit: UInt64)? {
    let arena = address / MmapProvider.arenaSize
    guard arena / 64 < UInt(SLM_PORT_ADDRESS_BITS_WORDS) else { return nil }
    return (slm_port_arenas_address() + Int(arena / 64), 1 &<< UInt64(arena & 63))
  }

  /// Guards are best effort: if mprotect fails, the arena is used without them.
  private static func addGuards(_ base: UInt) {
    let (state, second) = (MmapProvider.stateOffset, MmapProvider.secondGuard)
    guard UInt(slm_port_page_size()) <= second - state else { return }
    _ = slm_port_protect(UnsafeMutableRawPointer(bitPattern: base), Int(state))
    _ = slm_port_protect(
      UnsafeMutableRawPointer(bitPattern: base + second), Int(UInt(MmapProvider.page.bytes) - second))
  }

  /// Maps memory aligned to its size: maps twice the size, and unmaps both ends.
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

private func takeRunFromSystem(
  _ context: UnsafeMutableRawPointer?, _ size: Int, _ alignment: Int
) -> UnsafeMutableRawPointer? {
  UnsafeMutableRawPointer(
    bitPattern: MmapProviderPointer.shared.takeRun(size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
      ?? 0)
}

private func giveBackRunToSystem(_ context: UnsafeMutableRawPointer?, _ run: UnsafeMutableRawPointer, _ size: Int) {
  MmapProviderPointer.shared.giveBackRun(UInt(bitPattern: run), size: UInt(bitPattern: size))
}

extension PageProvider {
  /// The process-wide provider on mmap: base pages of 64 KiB, and large pages. Any thread may use it.
  public static var mmap: PageProvider { MmapProviderPointer.shared.provider }
}
