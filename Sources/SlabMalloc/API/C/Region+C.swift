import CSlabmalloc

extension OpaquePointer {
  @inline(__always) fileprivate var region: RegionPointer { RegionPointer(self) }
}

@_cdecl("slm_region_init") @implementation
public func slm_region_init(
  _ buffer: UnsafeMutableRawPointer?, _ size: Int, _ pageSize: Int, _ why: UnsafeMutablePointer<slm_status>?
) -> OpaquePointer? {
  guard let page = PageSize(base: pageSize), let buffer else {
    why?.pointee = .invalidArgument
    return nil
  }
  guard MemoryRange.canBe(UInt(bitPattern: buffer), bits(size)) else {
    why?.pointee = .badPage
    return nil
  }
  guard let region = RegionPointer.make(buffer: UInt(bitPattern: buffer), size: bits(size), page: page) else {
    why?.pointee = .invalidArgument
    return nil
  }
  why?.pointee = .ok
  return OpaquePointer(region)
}

@_cdecl("slm_region_provider") @implementation
public func slm_region_provider(_ region: OpaquePointer) -> slm_page_provider {
  let provider = region.region.provider
  RunResizerPointer.ofRegions.note(provider)
  return provider.c
}

@_cdecl("slm_region_statistics") @implementation
public func slm_region_statistics(
  _ region: OpaquePointer, _ out: UnsafeMutablePointer<slm_provider_statistics>?
) -> slm_status {
  out?.fill(from: region.region.pointee.ledger) ?? .invalidArgument
}

@_cdecl("slm_region_available") @implementation
public func slm_region_available(_ region: OpaquePointer, _ pageSize: Int) -> Int {
  guard let page = PageSize(bytes: pageSize) else { return 0 }
  return Int(region.region.available(page))
}

@_cdecl("slm_region_add") @implementation
public func slm_region_add(_ region: OpaquePointer, _ start: UnsafeMutableRawPointer?, _ size: Int) -> slm_status {
  region.region.add(start: bits(start), size: bits(size))
}

@_cdecl("slm_region_fragmentation") @implementation
public func slm_region_fragmentation(
  _ region: OpaquePointer, _ out: UnsafeMutablePointer<slm_fragmentation>?
) -> slm_status {
  let fragmentation = region.region.fragmentation()
  let pageSize = UInt64(region.region.pointee.page.size)
  var result = slm_fragmentation()
  result.free_bytes = UInt64(fragmentation.freePages) * pageSize
  result.largest_free_run = UInt64(fragmentation.largestFreeRun) * pageSize
  result.large_pages_free = UInt64(fragmentation.wholeBlocks)
  return GrowingStruct.deliver(result, to: out)
}

@_cdecl("slm_region_free_runs") @implementation
public func slm_region_free_runs(
  _ region: OpaquePointer, _ out: UnsafeMutablePointer<slm_free_runs>?
) -> slm_status {
  guard GrowingStruct.fits(out) else { return .invalidArgument }
  let region = region.region
  let pageSize = UInt64(region.pointee.page.size)
  var result = slm_free_runs()
  withUnsafeMutableBytes(of: &result.bytes_by_order) { orders in
    let orders = orders.bindMemory(to: UInt64.self)
    region.forEachFreeRun { pages in
      let bytes = UInt64(pages) &* pageSize
      let order = UInt64.bitWidth &- 1 &- bytes.leadingZeroBitCount &- Int(PageSize.kib4.shift)
      orders[min(order, orders.count - 1)] &+= bytes
      result.runs &+= 1
    }
  }
  return GrowingStruct.deliver(result, to: out)
}
