import CSlabmalloc

// Zones in C. AnyZone does the work; this file has the names, the types and the order of C's arguments.
//
// The build gives the C name to the Swift twin of each hot function; see Sources/Packaging/name-hot.sh. The reason is
// that calls of imported C functions are not inlined into a C symbol itself.

@_cdecl("slm_zone_storage_size") @implementation
public func slm_zone_storage_size(_ options: UnsafePointer<slm_options>?) -> Int {
  Options(options)?.storageSize(bins: SizeClass.count) ?? 0
}

@_cdecl("slm_zone_init") @implementation
public func slm_zone_init(
  _ memory: UnsafeMutableRawPointer?, _ size: Int, _ options: UnsafePointer<slm_options>?,
  _ why: UnsafeMutablePointer<slm_status>?
) -> OpaquePointer? {
  AnyZone.make(in: memory, size, options, why)
}

@_cdecl("slm_zone_destroy") @implementation
public func slm_zone_destroy(_ zone: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  AnyZone(zone).destroy(live)
}

@_cdecl("slm_zone_page_size") @implementation
public func slm_zone_page_size(_ zone: OpaquePointer, _ alignment: Int, _ size: Int) -> Int {
  Int(bitPattern: AnyZone(zone).reserves.pageSize(size: bits(size), alignment: bits(alignment)) ?? 0)
}

@_cdecl("slm_zone_refill") @implementation
public func slm_zone_refill(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ page: UnsafeMutableRawPointer?, _ pageSize: Int
) -> slm_status {
  AnyZone(zone).refill(size: bits(size), alignment: bits(alignment), page: bits(page), pageSize: bits(pageSize))
}

@_cdecl("slm_zone_allocate") @implementation
public func slm_zone_allocate(_ zone: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  AnyZone(zone).allocate(bits(size))
}

@_cdecl("slm_zone_allocate_zeroed") @implementation
public func slm_zone_allocate_zeroed(_ zone: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  guard let memory = AnyZone(zone).allocate(bits(size)) else { return nil }
  clear(memory, bits(size))
  return memory
}

@_cdecl("slm_zone_allocate_aligned") @implementation
public func slm_zone_allocate_aligned(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  var status = Status.ok
  return AnyZone(zone).allocate(size: bits(size), alignment: bits(alignment), status: &status)
}

@_cdecl("slm_zone_allocate_with") @implementation
public func slm_zone_allocate_with(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  AllocationFlags.allocate(flags, out, clearing: bits(size)) { nowait, status in
    AnyZone(zone).allocate(size: bits(size), alignment: bits(alignment), nowait: nowait, status: &status)
  }
}

@_cdecl("slm_zone_allocate_batch") @implementation
public func slm_zone_allocate_batch(
  _ zone: OpaquePointer, _ size: Int, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int {
  AnyZone(zone).allocateBatch(size: bits(size), count: limit(count), into: out)
}

@_cdecl("slm_zone_deallocate") @implementation
public func slm_zone_deallocate(_ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  AnyZone(zone).deallocate(bits(pointer))
}

@_cdecl("slm_zone_deallocate_sized") @implementation
public func slm_zone_deallocate_sized(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> slm_status {
  AnyZone(zone).deallocate(bits(pointer), size: bits(size))
}

@_cdecl("slm_zone_deallocate_aligned_sized") @implementation
public func slm_zone_deallocate_aligned_sized(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> slm_status {
  AnyZone(zone).deallocate(bits(pointer), size: bits(size), alignment: bits(alignment))
}

@_cdecl("slm_zone_deallocate_batch") @implementation
public func slm_zone_deallocate_batch(
  _ zone: OpaquePointer, _ pointers: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int,
  _ done: UnsafeMutablePointer<Int>?
) -> slm_status {
  AnyZone(zone).deallocateBatch(pointers, count, done)
}

@_cdecl("slm_zone_reallocate") @implementation
public func slm_zone_reallocate(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer? {
  var status = Status.ok
  return AnyZone(zone).reallocate(pointer, size: bits(size), alignment: 1, status: &status)
}

@_cdecl("slm_zone_reallocate_aligned") @implementation
public func slm_zone_reallocate_aligned(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  var status = Status.ok
  return AnyZone(zone).reallocate(pointer, size: bits(size), alignment: bits(alignment), status: &status)
}

@_cdecl("slm_zone_resize") @implementation
public func slm_zone_resize(_ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer, _ size: Int) -> slm_status {
  AnyZone(zone).withOwner(of: bits(pointer)) { $0.resize(bits(pointer), size: bits(size)) }
}

@_cdecl("slm_zone_usable_size") @implementation
public func slm_zone_usable_size(_ zone: OpaquePointer, _ pointer: UnsafeRawPointer?) -> Int {
  Int(bitPattern: AnyZone(zone).usableSize(UInt(bitPattern: pointer)))
}

@_cdecl("slm_zone_good_size") @implementation
public func slm_zone_good_size(_ zone: OpaquePointer, _ size: Int) -> Int {
  Int(bitPattern: AnyZone(zone).first.goodSize(bits(size)))
}

@_cdecl("slm_zone_owns") @implementation
public func slm_zone_owns(_ zone: OpaquePointer, _ address: UnsafeRawPointer?) -> Bool {
  AnyZone(zone).owns(UInt(bitPattern: address))
}

@_cdecl("slm_zone_reserve") @implementation
public func slm_zone_reserve(_ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ count: Int) -> slm_status {
  AnyZone(zone).reserve(size: bits(size), alignment: bits(alignment), count: bits(count))
}

@_cdecl("slm_zone_reclaim") @implementation
public func slm_zone_reclaim(
  _ zone: OpaquePointer, _ maxBasePages: Int, _ maxLargePages: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?
) -> slm_status {
  AnyZone(zone).reclaim(maxBasePages, maxLargePages, out)
}

@_cdecl("slm_zone_reclaim_page") @implementation
public func slm_zone_reclaim_page(_ zone: OpaquePointer, _ pageSize: Int) -> UnsafeMutableRawPointer? {
  AnyZone(zone).reclaimPage(pageSize)
}

@_cdecl("slm_zone_statistics") @implementation
public func slm_zone_statistics(_ zone: OpaquePointer, _ out: UnsafeMutablePointer<slm_statistics>?) -> slm_status {
  AnyZone(zone).statistics(out)
}

@_cdecl("slm_zone_class_statistics") @implementation
public func slm_zone_class_statistics(
  _ zone: OpaquePointer, _ index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?
) -> slm_status {
  AnyZone(zone).statistics(of: index, out)
}
