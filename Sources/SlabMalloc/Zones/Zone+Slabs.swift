/// All slabs of a zone, whatever their size.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Calls the body with each slab. The body may free the pages of this slab, but of no other.
  @inline(__always) func forEachSlab(_ body: (SlabPointer) -> Void) {
    for pages in 0..<(Build.isSmall ? 1 : 2) { (pages == 0 ? basePages : largePages).forEach(body) }
  }
}
