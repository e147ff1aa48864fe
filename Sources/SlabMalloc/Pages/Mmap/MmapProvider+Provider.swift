extension UnsafeMutablePointer where Pointee == MmapProvider {
  /// The functions of the one provider. They ignore the context.
  var provider: PageProvider {
    PageProvider(
      pageSize: MmapProvider.page, context: UnsafeMutableRawPointer(self), allocate: takeFromSystem,
      release: giveBackToSystem, allocateRun: takeRunFromSystem, releaseRun: giveBackRunToSystem,
      resizeRun: resizeRunOfSystem)
  }
}

private func takeFromSystem(_ context: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  guard let page = PageSize(bytes: size) else { return nil }
  return UnsafeMutableRawPointer(bitPattern: MmapProviderPointer.shared.take(page) ?? 0)
}

private func giveBackToSystem(_ context: UnsafeMutableRawPointer?, _ memory: UnsafeMutableRawPointer, _ size: Int) {
  guard let page = PageSize(bytes: size) else { return }
  MmapProviderPointer.shared.giveBack(UInt(bitPattern: memory), page)
}

private func takeRunFromSystem(
  _ context: UnsafeMutableRawPointer?, _ size: Int, _ alignment: Int
) -> UnsafeMutableRawPointer? {
  let address = MmapProviderPointer.shared.takeRun(size: bits(size), alignment: bits(alignment))
  return UnsafeMutableRawPointer(bitPattern: address ?? 0)
}

private func giveBackRunToSystem(_ context: UnsafeMutableRawPointer?, _ run: UnsafeMutableRawPointer, _ size: Int) {
  MmapProviderPointer.shared.giveBackRun(UInt(bitPattern: run), size: bits(size))
}

private func resizeRunOfSystem(
  _ context: UnsafeMutableRawPointer?, _ run: UnsafeMutableRawPointer, _ oldSize: Int, _ newSize: Int
) -> Bool {
  MmapProviderPointer.shared.resizeRun(UInt(bitPattern: run), from: bits(oldSize), to: bits(newSize))
}

extension PageProvider {
  /// The process-wide provider on mmap: base pages of 64 KiB, large pages, and runs. Any thread may use it.
  public static var mmap: PageProvider { MmapProviderPointer.shared.provider }
}
