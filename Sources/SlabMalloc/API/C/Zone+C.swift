import CSlabmalloc

// Each hot function is a jump to its Swift body: in a C symbol itself, calls of imported C functions are not inlined.

extension OpaquePointer {
  @inline(__always) fileprivate var zone: ZonePointer { ZonePointer(self) }
}

@_cdecl("slm_zone_storage_size") @implementation
public func slm_zone_storage_size() -> Int { ZonePointer.storageSize(bins: SizeClass.count) }

@_cdecl("slm_zone_init") @implementation
public func slm_zone_init(
  _ memory: UnsafeMutableRawPointer?, _ size: Int, _ options: UnsafePointer<slm_options>?
) -> OpaquePointer? {
  guard let options = Options(options),
    let memory = storage(memory, size, needed: ZonePointer.storageSize(bins: SizeClass.count, options.profile))
  else { return nil }
  let zone = memory.assumingMemoryBound(to: ZoneState.self)
  zone.initialize(page: options.page, provider: options.provider, profile: options.profile)
  return OpaquePointer(zone)
}

@_cdecl("slm_zone_destroy") @implementation
public func slm_zone_destroy(_ zone: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  zone.zone.destroy(live)
}

@_cdecl("slm_zone_page_size") @implementation
public func slm_zone_page_size(_ zone: OpaquePointer, _ alignment: Int, _ size: Int) -> Int {
  zone.zone.pageSize(alignment, size)
}

@_cdecl("slm_zone_refill") @implementation
public func slm_zone_refill(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ page: UnsafeMutableRawPointer?, _ pageSize: Int
) -> slm_status {
  zone.zone.refill(
    size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), page: UInt(bitPattern: page),
    pageSize: pageSize)
}

@_cdecl("slm_zone_allocate") @implementation
public func slm_zone_allocate(_ zone: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  zone.zone.allocate(UInt(bitPattern: size))
}

@_cdecl("slm_zone_allocate_zeroed") @implementation
public func slm_zone_allocate_zeroed(_ zone: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  zone.zone.allocateZeroed(size)
}

@_cdecl("slm_zone_allocate_aligned") @implementation
public func slm_zone_allocate_aligned(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  zone.zone.allocateAligned(alignment, size)
}

@_cdecl("slm_zone_allocate_with") @implementation
public func slm_zone_allocate_with(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  let status = zone.zone.allocate(alignment, size, flags, out)
  clear(out, UInt(bitPattern: size), ifAskedBy: flags)
  return status
}

@_cdecl("slm_zone_allocate_batch") @implementation
public func slm_zone_allocate_batch(
  _ zone: OpaquePointer, _ size: Int, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int {
  zone.zone.allocateBatch(size, count, out)
}

@_cdecl("slm_zone_deallocate") @implementation
public func slm_zone_deallocate(_ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  zone.zone.deallocate(bits(pointer))
}

@_cdecl("slm_zone_deallocate_sized") @implementation
public func slm_zone_deallocate_sized(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> slm_status {
  zone.zone.deallocate(bits(pointer), size: UInt(bitPattern: size))
}

@_cdecl("slm_zone_deallocate_aligned_sized") @implementation
public func slm_zone_deallocate_aligned_sized(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> slm_status {
  zone.zone.deallocate(bits(pointer), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
}

@_cdecl("slm_zone_deallocate_batch") @implementation
public func slm_zone_deallocate_batch(
  _ zone: OpaquePointer, _ pointers: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int,
  _ done: UnsafeMutablePointer<Int>?
) -> slm_status {
  zone.zone.deallocateBatch(pointers, count, done)
}

@_cdecl("slm_zone_reallocate") @implementation
public func slm_zone_reallocate(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer? {
  zone.zone.reallocate(pointer, 1, size)
}

@_cdecl("slm_zone_reallocate_aligned") @implementation
public func slm_zone_reallocate_aligned(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  zone.zone.reallocate(pointer, alignment, size)
}

@_cdecl("slm_zone_resize") @implementation
public func slm_zone_resize(_ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer, _ size: Int) -> slm_status {
  zone.zone.resize(UInt(bitPattern: pointer), size: UInt(bitPattern: size))
}

@_cdecl("slm_zone_usable_size") @implementation
public func slm_zone_usable_size(_ zone: OpaquePointer, _ pointer: UnsafeRawPointer?) -> Int {
  Int(zone.zone.usableSize(UInt(bitPattern: pointer)))
}

@_cdecl("slm_zone_good_size") @implementation
public func slm_zone_good_size(_ zone: OpaquePointer, _ size: Int) -> Int { zone.zone.goodSize(size) }

@_cdecl("slm_zone_owns") @implementation
public func slm_zone_owns(_ zone: OpaquePointer, _ address: UnsafeRawPointer?) -> Bool {
  zone.zone.owns(UInt(bitPattern: address))
}

@_cdecl("slm_zone_reserve") @implementation
public func slm_zone_reserve(_ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ count: Int) -> slm_status {
  zone.zone.reserve(alignment, size, count)
}

@_cdecl("slm_zone_reclaim") @implementation
public func slm_zone_reclaim(
  _ zone: OpaquePointer, _ maxBasePages: Int, _ maxLargePages: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?
) -> slm_status {
  zone.zone.reclaim(maxBasePages, maxLargePages, out)
}

@_cdecl("slm_zone_reclaim_page") @implementation
public func slm_zone_reclaim_page(_ zone: OpaquePointer, _ pageSize: Int) -> UnsafeMutableRawPointer? {
  zone.zone.reclaimPage(pageSize)
}

@_cdecl("slm_zone_statistics") @implementation
public func slm_zone_statistics(_ zone: OpaquePointer, _ out: UnsafeMutablePointer<slm_statistics>?) -> slm_status {
  zone.zone.statistics(out)
}

@_cdecl("slm_zone_class_statistics") @implementation
public func slm_zone_class_statistics(
  _ zone: OpaquePointer, _ index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?
) -> slm_status {
  zone.zone.statistics(of: index, out)
}
