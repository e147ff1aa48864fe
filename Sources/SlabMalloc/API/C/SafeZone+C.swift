import CSlabmalloc

extension OpaquePointer {
  @inline(__always) fileprivate var safeZone: SafeZonePointer { SafeZonePointer(self) }
}

@_cdecl("slm_safe_zone_storage_size") @implementation
public func slm_safe_zone_storage_size() -> Int { SafeZonePointer.storageSize }

@_cdecl("slm_safe_zone_init") @implementation
public func slm_safe_zone_init(
  _ memory: UnsafeMutableRawPointer?, _ size: Int, _ options: UnsafePointer<slm_options>?
) -> OpaquePointer? {
  guard let options = Options(options),
    let memory = storage(memory, size, needed: SafeZonePointer.storageSize(options.profile))
  else { return nil }
  let zone = memory.assumingMemoryBound(to: SafeZone.self)
  zone.initialize(page: options.page, provider: options.provider, profile: options.profile)
  return OpaquePointer(zone)
}

@_cdecl("slm_safe_zone_destroy") @implementation
public func slm_safe_zone_destroy(_ zone: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  zone.safeZone.locked { $0.destroy(live) }
}

@_cdecl("slm_safe_zone_page_size") @implementation
public func slm_safe_zone_page_size(_ zone: OpaquePointer, _ alignment: Int, _ size: Int) -> Int {
  zone.safeZone.locked { $0.pageSize(alignment, size) }
}

@_cdecl("slm_safe_zone_refill") @implementation
public func slm_safe_zone_refill(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ page: UnsafeMutableRawPointer?, _ pageSize: Int
) -> slm_status {
  zone.safeZone.locked {
    $0.refill(
      size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), page: UInt(bitPattern: page),
      pageSize: pageSize)
  }
}

@_cdecl("slm_safe_zone_allocate") @implementation
public func slm_safe_zone_allocate(_ zone: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  zone.safeZone.locked { $0.allocate(UInt(bitPattern: size)) }
}

@_cdecl("slm_safe_zone_allocate_zeroed") @implementation
public func slm_safe_zone_allocate_zeroed(_ zone: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  zone.safeZone.allocateZeroed(size)
}

@_cdecl("slm_safe_zone_allocate_aligned") @implementation
public func slm_safe_zone_allocate_aligned(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  zone.safeZone.locked { $0.allocateAligned(alignment, size) }
}

@_cdecl("slm_safe_zone_allocate_with") @implementation
public func slm_safe_zone_allocate_with(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  let status = zone.safeZone.locked { $0.allocate(alignment, size, flags, out) }
  clear(out, UInt(bitPattern: size), ifAskedBy: flags)
  return status
}

@_cdecl("slm_safe_zone_allocate_batch") @implementation
public func slm_safe_zone_allocate_batch(
  _ zone: OpaquePointer, _ size: Int, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int {
  zone.safeZone.locked { $0.allocateBatch(size, count, out) }
}

@_cdecl("slm_safe_zone_deallocate") @implementation
public func slm_safe_zone_deallocate(_ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  zone.safeZone.locked { $0.deallocate(bits(pointer)) }
}

@_cdecl("slm_safe_zone_deallocate_sized") @implementation
public func slm_safe_zone_deallocate_sized(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> slm_status {
  zone.safeZone.locked { $0.deallocate(bits(pointer), size: UInt(bitPattern: size)) }
}

@_cdecl("slm_safe_zone_deallocate_aligned_sized") @implementation
public func slm_safe_zone_deallocate_aligned_sized(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> slm_status {
  zone.safeZone.locked {
    $0.deallocate(bits(pointer), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
  }
}

@_cdecl("slm_safe_zone_deallocate_batch") @implementation
public func slm_safe_zone_deallocate_batch(
  _ zone: OpaquePointer, _ pointers: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int,
  _ done: UnsafeMutablePointer<Int>?
) -> slm_status {
  zone.safeZone.locked { $0.deallocateBatch(pointers, count, done) }
}

@_cdecl("slm_safe_zone_reallocate") @implementation
public func slm_safe_zone_reallocate(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer? {
  zone.safeZone.reallocate(pointer, 1, size)
}

@_cdecl("slm_safe_zone_reallocate_aligned") @implementation
public func slm_safe_zone_reallocate_aligned(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  zone.safeZone.reallocate(pointer, alignment, size)
}

@_cdecl("slm_safe_zone_resize") @implementation
public func slm_safe_zone_resize(_ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer, _ size: Int) -> slm_status {
  zone.safeZone.locked { $0.resize(UInt(bitPattern: pointer), size: UInt(bitPattern: size)) }
}

@_cdecl("slm_safe_zone_usable_size") @implementation
public func slm_safe_zone_usable_size(_ zone: OpaquePointer, _ pointer: UnsafeRawPointer?) -> Int {
  zone.safeZone.locked { Int($0.usableSize(UInt(bitPattern: pointer))) }
}

@_cdecl("slm_safe_zone_good_size") @implementation
public func slm_safe_zone_good_size(_ zone: OpaquePointer, _ size: Int) -> Int {
  zone.safeZone.locked { $0.goodSize(size) }
}

@_cdecl("slm_safe_zone_owns") @implementation
public func slm_safe_zone_owns(_ zone: OpaquePointer, _ address: UnsafeRawPointer?) -> Bool {
  zone.safeZone.locked { $0.owns(UInt(bitPattern: address)) }
}

@_cdecl("slm_safe_zone_reserve") @implementation
public func slm_safe_zone_reserve(_ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ count: Int) -> slm_status {
  zone.safeZone.locked { $0.reserve(alignment, size, count) }
}

@_cdecl("slm_safe_zone_reclaim") @implementation
public func slm_safe_zone_reclaim(
  _ zone: OpaquePointer, _ maxBasePages: Int, _ maxLargePages: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?
) -> slm_status {
  zone.safeZone.locked { $0.reclaim(maxBasePages, maxLargePages, out) }
}

@_cdecl("slm_safe_zone_reclaim_page") @implementation
public func slm_safe_zone_reclaim_page(_ zone: OpaquePointer, _ pageSize: Int) -> UnsafeMutableRawPointer? {
  zone.safeZone.locked { $0.reclaimPage(pageSize) }
}

@_cdecl("slm_safe_zone_statistics") @implementation
public func slm_safe_zone_statistics(
  _ zone: OpaquePointer, _ out: UnsafeMutablePointer<slm_statistics>?
) -> slm_status {
  zone.safeZone.locked { $0.statistics(out) }
}

@_cdecl("slm_safe_zone_class_statistics") @implementation
public func slm_safe_zone_class_statistics(
  _ zone: OpaquePointer, _ index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?
) -> slm_status {
  zone.safeZone.locked { $0.statistics(of: index, out) }
}
