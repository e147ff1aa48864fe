import CSlabPort

/// The arenas of the mmap provider: mapping them, and finding the one of an address.
extension UnsafeMutablePointer where Pointee == MmapProvider {
  /// Maps an arena; nil if the system refuses.
  static func mapArena(_ size: UInt) -> RegionPointer? {
    let state = MmapProvider.stateOffset
    guard let base = mapAligned(size) else { return nil }
    guard let region = RegionPointer.make(buffer: base + state, size: size - state, page: MmapProvider.page) else {
      slm_port_unmap(UnsafeMutableRawPointer(bitPattern: base), Int(size))
      return nil
    }
    addGuards(base, region)
    return region
  }

  /// The start of an arena.
  static func base(_ region: RegionPointer) -> UInt { UInt(bitPattern: region) & ~(MmapProvider.arenaSize - 1) }

  /// The size of an arena: its region's range goes up to its end.
  static func size(_ region: RegionPointer) -> UInt {
    (region.pointee.ranges.map { $0.pointee.last } ?? 0) &- base(region) &+ 1
  }

  /// The arena that an address lies in; nil if it is not the provider's.
  func arena(of address: UInt) -> RegionPointer? {
    guard let (exists, bit) = Self.bit(address, slm_port_arenas_address()), exists.pointee & bit != 0,
      var (starts, start) = Self.bit(address, slm_port_arena_starts_address())
    else { return nil }
    // The nearest start at the address or below.
    var (base, below) = (address & ~(MmapProvider.arenaSize - 1), starts.pointee & (start | (start - 1)))
    while below == 0 {
      base -= (UInt(start.trailingZeroBitCount) + 1) * MmapProvider.arenaSize
      starts -= 1
      start = 1 << 63
      below = starts.pointee
    }
    base -= UInt(start.trailingZeroBitCount - (63 - below.leadingZeroBitCount)) * MmapProvider.arenaSize
    return RegionPointer(bitPattern: base + MmapProvider.stateOffset)
  }

  /// Records that an arena exists, or no longer does.
  func setArena(_ region: RegionPointer, _ size: UInt, _ exists: Bool) {
    let base = Self.base(region)
    set(base, slm_port_arena_starts_address(), exists)
    for offset in stride(from: 0, to: size, by: UInt.Stride(MmapProvider.arenaSize)) {
      set(base + offset, slm_port_arenas_address(), exists)
    }
  }

  private func set(_ address: UInt, _ map: UnsafeMutablePointer<UInt64>, _ value: Bool) {
    guard let (word, bit) = Self.bit(address, map) else { return }
    if value { word.pointee |= bit } else { word.pointee &= ~bit }
  }

  /// The word and bit of an address in a map; nil outside the address space of programs.
  private static func bit(
    _ address: UInt, _ map: UnsafeMutablePointer<UInt64>
  ) -> (word: UnsafeMutablePointer<UInt64>, bit: UInt64)? {
    let arena = address / MmapProvider.arenaSize
    guard arena / 64 < UInt(SLM_PORT_ADDRESS_BITS_WORDS) else { return nil }
    return (map + Int(arena / 64), 1 &<< UInt64(arena & 63))
  }

  /// Guards are best effort: if mprotect fails, the arena is used without them. The state of a huge arena takes the
  /// place of the second one.
  private static func addGuards(_ base: UInt, _ region: RegionPointer) {
    let (state, second) = (MmapProvider.stateOffset, MmapProvider.secondGuard)
    guard UInt(slm_port_page_size()) <= second - state else { return }
    _ = slm_port_protect(UnsafeMutableRawPointer(bitPattern: base), Int(state))
    guard let range = region.pointee.ranges, range.pointee.tree.end <= base + second else { return }
    _ = slm_port_protect(
      UnsafeMutableRawPointer(bitPattern: base + second), Int(UInt(MmapProvider.page.bytes) - second))
  }

  /// Maps memory aligned to the size of an arena: maps more by as much, and unmaps both ends.
  private static func mapAligned(_ size: UInt) -> UInt? {
    let extent = size + MmapProvider.arenaSize
    guard let memory = slm_port_map(Int(extent)) else { return nil }
    let start = UInt(bitPattern: memory)
    let base = roundUp(start, to: MmapProvider.arenaSize)
    if base > start { slm_port_unmap(memory, Int(base - start)) }
    let (end, mapped) = (base + size, start + extent)
    if mapped > end { slm_port_unmap(UnsafeMutableRawPointer(bitPattern: end), Int(mapped - end)) }
    return base
  }
}
