extension UnsafeMutablePointer where Pointee == Region {
  /// The region as a provider. The provider takes the region's lock.
  var provider: PageProvider {
    PageProvider(
      pageSize: pointee.page, context: UnsafeMutableRawPointer(self), allocate: takeFromRegion,
      release: giveBackToRegion)
  }
}

private func takeFromRegion(_ context: UnsafeMutableRawPointer?, _ bytes: Int) -> UnsafeMutableRawPointer? {
  guard let region = context?.assumingMemoryBound(to: Region.self), let page = PageSize(bytes: bytes) else {
    return nil
  }
  region.pointee.lock.acquire()
  let address = region.take(page)
  region.pointee.lock.release()
  return UnsafeMutableRawPointer(bitPattern: address ?? 0)
}

private func giveBackToRegion(_ context: UnsafeMutableRawPointer?, _ memory: UnsafeMutableRawPointer, _ bytes: Int) {
  guard let region = context?.assumingMemoryBound(to: Region.self), let page = PageSize(bytes: bytes) else { return }
  region.pointee.lock.acquire()
  region.giveBack(UInt(bitPattern: memory), page)
  region.pointee.lock.release()
}
