import CSlabmalloc

// A zone as the page provider of caches. It gives runs if its own provider does.

@_cdecl("slm_zone_provider") @implementation
public func slm_zone_provider(_ zone: OpaquePointer) -> slm_page_provider {
  let first = AnyZone(zone).first
  let givesRuns = first.isInitialized && first.pointee.provider.givesRuns
  return PageProvider(
    pageSize: first.isInitialized ? first.page : nil, context: UnsafeMutableRawPointer(zone),
    allocate: zoneLendPage, release: zoneTakeBack, allocateRun: givesRuns ? zoneLendRun : nil,
    releaseRun: givesRuns ? zoneTakeBack : nil
  ).c
}

@c(slm_core_zone_lend_page)
func zoneLendPage(_ zone: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  zoneLendRun(zone, size, size)
}

@c(slm_core_zone_lend_run)
func zoneLendRun(_ zone: UnsafeMutableRawPointer?, _ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
  guard let zone else { return nil }
  return UnsafeMutableRawPointer(bitPattern: AnyZone(OpaquePointer(zone)).lend(bits(size), bits(alignment)) ?? 0)
}

@c(slm_core_zone_take_back)
func zoneTakeBack(_ zone: UnsafeMutableRawPointer?, _ pages: UnsafeMutableRawPointer, _ size: Int) {
  guard let zone else { return }
  AnyZone(OpaquePointer(zone)).takeBack(bits(pages), bits(size))
}

extension AnyZone {
  /// Lends pages of the own zone or its provider, else empty ones of any zone of the group.
  fileprivate func lend(_ bytes: UInt, _ alignment: UInt) -> UInt? {
    guard canLend(bytes), isPowerOfTwo(alignment) else { return nil }
    var address: UInt?
    _ = withOwn {
      address = $0.lend(bytes, alignment: alignment, nowait: false)
      return .ok
    }
    guard address == nil, let shared, shared.pointee.cpuCount != 0 else { return address }
    forEach {
      address = $0.lend(bytes, alignment: alignment, nowait: true)
      return address == nil
    }
    return address
  }

  /// Takes back pages, unless they are the zone's own.
  fileprivate func takeBack(_ address: UInt, _ bytes: UInt) {
    guard canLend(bytes) else { return }
    _ = withOwn { $0.takeBack(address, bytes) ? .ok : .foreignPointer }
  }

  /// Pages of these sizes, or any run where there are runs.
  private func canLend(_ bytes: UInt) -> Bool {
    guard first.isInitialized, bytes != 0, bytes & first.page.mask == 0 else { return false }
    return bytes == first.page.size || bytes == PageSize.large.size || first.pointee.provider.givesRuns
  }
}
