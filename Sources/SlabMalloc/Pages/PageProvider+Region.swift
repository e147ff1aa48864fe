extension PageProvider {
  /// A provider that carves base and large pages out of your buffer, which must outlive it. nil if `pageSize` is the
  /// large page, or if the buffer cannot hold the region's own state and one page.
  public static func region(_ buffer: UnsafeMutableRawBufferPointer, pageSize: PageSize) -> PageProvider? {
    guard !pageSize.isLarge else { return nil }
    return RegionPointer.make(buffer: bits(buffer.baseAddress), size: UInt(buffer.count), page: pageSize)?.provider
  }
}
