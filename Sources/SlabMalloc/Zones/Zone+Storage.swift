/// Where the parts of a zone lie in its storage, and how much that is. See the picture at ZoneState.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Bytes of storage for a zone of this profile. The part that only a hardened zone needs comes last.
  @inline(__always) static func storageSize(
    bins: UInt, _ profile: Profile = .hardened, sharesDirectory: Bool = false
  ) -> Int {
    let size = ZoneState.hardeningOffset(bins: bins, sharesDirectory: sharesDirectory)
    guard !Build.isSmall, profile == .hardened else { return size }
    return size + MemoryLayout<Hardening>.stride + (bins == 1 ? Quarantine.largestSize : Quarantine.sizeOfAll)
  }
}

/// Offsets of a zone's parts in its storage.
extension ZoneState {
  static var binsOffset: Int {
    Int(roundUp(UInt(MemoryLayout<ZoneState>.stride), to: 4 * UInt(MemoryLayout<UInt>.size)))
  }
  static var directBinsOffset: Int { binsOffset + Int(SizeClass.count) * Bin.stride }
  static var directBinCount: Int { Int(SizeClass.directLimit / 8) }
  @inline(__always) static func directoryOffset(bins: UInt) -> Int {
    let end = bins == 1 ? binsOffset + Bin.stride : directBinsOffset + directBinCount * MemoryLayout<UInt16>.stride
    return Int(PageDirectory.offset(behind: UInt(end)))
  }
  @inline(__always) static func hardeningOffset(bins: UInt, sharesDirectory: Bool = false) -> Int {
    directoryOffset(bins: bins) + (sharesDirectory ? 0 : PageDirectory.storageSize(bins: bins))
  }
}
