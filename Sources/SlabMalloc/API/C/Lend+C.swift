import CSlabmalloc

// A zone as the page provider of caches.

@_cdecl("slm_zone_provider") @implementation
public func slm_zone_provider(_ zone: OpaquePointer) -> slm_page_provider {
  let first = AnyZone(zone).first
  let page = first.isInitialized ? first.basePages.page : nil
  return PageProvider(
    pageSize: page, context: UnsafeMutableRawPointer(zone), allocate: zoneLendPage, release: zoneTakeBackPage
  ).c
}

@c(slm_core_zone_lend_page)
func zoneLendPage(_ zone: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  guard let zone, let page = PageSize(bytes: size) else { return nil }
  return UnsafeMutableRawPointer(bitPattern: AnyZone(OpaquePointer(zone)).lend(page) ?? 0)
}

@c(slm_core_zone_take_back_page)
func zoneTakeBackPage(_ zone: UnsafeMutableRawPointer?, _ page: UnsafeMutableRawPointer, _ size: Int) {
  guard let zone, let pageSize = PageSize(bytes: size) else { return }
  AnyZone(OpaquePointer(zone)).takeBack(bits(page), pageSize)
}

extension AnyZone {
  /// Lends a page of the own zone or its provider, else an empty one of any zone of the group.
  fileprivate func lend(_ page: PageSize) -> UInt? {
    guard first.isInitialized, page.isLarge || page == first.basePages.page else { return nil }
    var address: UInt?
    _ = withOwn {
      address = $0.lend(page, nowait: false)
      return .ok
    }
    guard address == nil, let shared, shared.pointee.cpuCount != 0 else { return address }
    forEach {
      address = $0.lend(page, nowait: true)
      return address == nil
    }
    return address
  }

  /// Takes back a page, unless it is the zone's own.
  fileprivate func takeBack(_ address: UInt, _ page: PageSize) {
    guard first.isInitialized, page.isLarge || page == first.basePages.page, !owns(address) else { return }
    _ = withOwn { $0.takeBack(address, page) ? .ok : .foreignPointer }
  }
}
