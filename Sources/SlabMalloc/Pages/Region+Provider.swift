/// The region as a provider. Each function takes the region's lock. The small library has no runs.
extension UnsafeMutablePointer where Pointee == Region {
  var provider: PageProvider {
    PageProvider(
      pageSize: pointee.page, context: UnsafeMutableRawPointer(self), allocate: takeFromRegion,
      release: giveBackToRegion, allocateRun: Build.isSmall ? nil : takeRunFromRegion,
      releaseRun: Build.isSmall ? nil : giveBackRunToRegion, resizeRun: Build.isSmall ? nil : resizeRunOfRegion)
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

private func takeRunFromRegion(
  _ context: UnsafeMutableRawPointer?, _ size: Int, _ alignment: Int
) -> UnsafeMutableRawPointer? {
  guard let region = context?.assumingMemoryBound(to: Region.self) else { return nil }
  region.pointee.lock.acquire()
  let address = region.takeRun(size: bits(size), alignment: bits(alignment))
  region.pointee.lock.release()
  return UnsafeMutableRawPointer(bitPattern: address ?? 0)
}

private func giveBackRunToRegion(_ context: UnsafeMutableRawPointer?, _ run: UnsafeMutableRawPointer, _ size: Int) {
  guard let region = context?.assumingMemoryBound(to: Region.self) else { return }
  region.pointee.lock.acquire()
  region.giveBackRun(UInt(bitPattern: run), size: bits(size))
  region.pointee.lock.release()
}

private func resizeRunOfRegion(
  _ context: UnsafeMutableRawPointer?, _ run: UnsafeMutableRawPointer, _ oldSize: Int, _ newSize: Int
) -> Bool {
  guard let region = context?.assumingMemoryBound(to: Region.self) else { return false }
  region.pointee.lock.acquire()
  defer { region.pointee.lock.release() }
  return region.resizeRun(UInt(bitPattern: run), from: bits(oldSize), to: bits(newSize))
}
