import CSlabmalloc

extension OpaquePointer {
  @inline(__always) fileprivate var region: RegionPointer { RegionPointer(self) }
}

@_cdecl("slm_region_init") @implementation
public func slm_region_init(_ buffer: UnsafeMutableRawPointer?, _ size: Int, _ pageSize: Int) -> OpaquePointer? {
  guard let buffer, let page = PageSize(base: pageSize),
    let region = RegionPointer.make(buffer: UInt(bitPattern: buffer), size: UInt(bitPattern: size), page: page)
  else { return nil }
  return OpaquePointer(region)
}

@_cdecl("slm_region_provider") @implementation
public func slm_region_provider(_ region: OpaquePointer) -> slm_page_provider { region.region.provider.c }

@_cdecl("slm_region_statistics") @implementation
public func slm_region_statistics(
  _ region: OpaquePointer, _ out: UnsafeMutablePointer<slm_provider_statistics>?
) -> slm_status {
  out?.fill(from: region.region.pointee.ledger) ?? .invalidArgument
}

@_cdecl("slm_region_available") @implementation
public func slm_region_available(_ region: OpaquePointer, _ pageSize: Int) -> Int {
  guard let page = SlabMalloc.pageSize(ofBytes: pageSize) else { return 0 }
  return Int(region.region.available(page))
}

@_cdecl("slm_region_add") @implementation
public func slm_region_add(_ region: OpaquePointer, _ start: UnsafeMutableRawPointer?, _ size: Int) -> slm_status {
  region.region.add(start: UInt(bitPattern: start), size: UInt(bitPattern: size))
}

@_cdecl("slm_region_fragmentation_get") @implementation
public func slm_region_fragmentation_get(
  _ region: OpaquePointer, _ out: UnsafeMutablePointer<slm_region_fragmentation>?
) -> slm_status {
  guard let out, out.pointee.struct_size >= UInt32(MemoryLayout<slm_region_fragmentation>.size) else {
    return .invalidArgument
  }
  let fragmentation = region.region.fragmentation()
  let pageSize = UInt64(region.region.pointee.page.size)
  out.pointee.free_bytes = UInt64(fragmentation.freePages) * pageSize
  out.pointee.largest_free_run = UInt64(fragmentation.largestFreeRun) * pageSize
  out.pointee.large_pages_free = UInt64(fragmentation.wholeBlocks)
  return .ok
}
