import CSlabmalloc

// Caches in C: a cache is a zone with one bin. See Zone+C.

@_cdecl("slm_cache_storage_size") @implementation
public func slm_cache_storage_size(_ options: UnsafePointer<slm_options>?) -> Int {
  Options(options)?.storageSize(bins: 1) ?? 0
}

@_cdecl("slm_cache_init") @implementation
public func slm_cache_init(
  _ memory: UnsafeMutableRawPointer?, _ storageSize: Int, _ alignment: Int, _ size: Int,
  _ options: UnsafePointer<slm_options>?, _ why: UnsafeMutablePointer<slm_status>?
) -> OpaquePointer? {
  AnyZone.make(in: memory, storageSize, options, objects: (size: bits(size), alignment: bits(alignment)), why)
}

@_cdecl("slm_cache_destroy") @implementation
public func slm_cache_destroy(_ cache: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  AnyZone(cache).destroy(live)
}

@_cdecl("slm_cache_slot_size") @implementation
public func slm_cache_slot_size(_ cache: OpaquePointer) -> Int {
  let zone = AnyZone(cache).first
  return zone.isInitialized ? Int(bitPattern: zone.bin(0).pointee.slotSize) : 0
}

@_cdecl("slm_cache_page_size") @implementation
public func slm_cache_page_size(_ cache: OpaquePointer) -> Int {
  let zone = AnyZone(cache).first
  return zone.isInitialized ? Int(bitPattern: zone.pageSize(of: zone.bin(0))) : 0
}

@_cdecl("slm_cache_refill") @implementation
public func slm_cache_refill(_ cache: OpaquePointer, _ page: UnsafeMutableRawPointer?, _ pageSize: Int) -> slm_status {
  AnyZone(cache).withOwn { $0.refillObjects(page: bits(page), pageSize: bits(pageSize)) }
}

@_cdecl("slm_cache_allocate") @implementation
public func slm_cache_allocate(_ cache: OpaquePointer) -> UnsafeMutableRawPointer? { AnyZone(cache).allocateObject() }

@_cdecl("slm_cache_allocate_zeroed") @implementation
public func slm_cache_allocate_zeroed(_ cache: OpaquePointer) -> UnsafeMutableRawPointer? {
  guard AnyZone(cache).canClear, let memory = AnyZone(cache).allocateObject() else { return nil }
  clear(memory, AnyZone(cache).first.objectSize)
  return memory
}

@_cdecl("slm_cache_allocate_with") @implementation
public func slm_cache_allocate_with(
  _ cache: OpaquePointer, _ flags: UInt32, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  guard flags & SLM_ZEROED == 0 || AnyZone(cache).canClear else {
    out.pointee = nil
    return .invalidArgument
  }
  return AllocationFlags.allocate(flags, out, clearing: AnyZone(cache).first.objectSize) { nowait, status in
    AnyZone(cache).allocateObject(nowait: nowait, status: &status)
  }
}

@_cdecl("slm_cache_allocate_batch") @implementation
public func slm_cache_allocate_batch(
  _ cache: OpaquePointer, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int {
  AnyZone(cache).allocateBatch(size: 0, count: limit(count), into: out)
}

@_cdecl("slm_cache_deallocate") @implementation
public func slm_cache_deallocate(_ cache: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  AnyZone(cache).deallocate(bits(pointer))
}

@_cdecl("slm_cache_deallocate_sized") @implementation
public func slm_cache_deallocate_sized(
  _ cache: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> slm_status {
  AnyZone(cache).deallocateObject(bits(pointer), size: bits(size), alignment: 1)
}

@_cdecl("slm_cache_deallocate_aligned_sized") @implementation
public func slm_cache_deallocate_aligned_sized(
  _ cache: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> slm_status {
  AnyZone(cache).deallocateObject(bits(pointer), size: bits(size), alignment: bits(alignment))
}

@_cdecl("slm_cache_deallocate_batch") @implementation
public func slm_cache_deallocate_batch(
  _ cache: OpaquePointer, _ pointers: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int,
  _ done: UnsafeMutablePointer<Int>?
) -> slm_status {
  AnyZone(cache).deallocateBatch(pointers, count, done)
}

@_cdecl("slm_cache_usable_size") @implementation
public func slm_cache_usable_size(_ cache: OpaquePointer, _ pointer: UnsafeRawPointer?) -> Int {
  Int(bitPattern: AnyZone(cache).usableSize(UInt(bitPattern: pointer)))
}

@_cdecl("slm_cache_owns") @implementation
public func slm_cache_owns(_ cache: OpaquePointer, _ address: UnsafeRawPointer?) -> Bool {
  AnyZone(cache).owns(UInt(bitPattern: address))
}

@_cdecl("slm_cache_reserve") @implementation
public func slm_cache_reserve(_ cache: OpaquePointer, _ count: Int) -> slm_status {
  AnyZone(cache).reserve(size: 0, alignment: 1, count: bits(count))
}

@_cdecl("slm_cache_reclaim") @implementation
public func slm_cache_reclaim(
  _ cache: OpaquePointer, _ maxBasePages: Int, _ maxLargePages: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?
) -> slm_status {
  AnyZone(cache).reclaim(maxBasePages, maxLargePages, out)
}

@_cdecl("slm_cache_reclaim_page") @implementation
public func slm_cache_reclaim_page(_ cache: OpaquePointer, _ pageSize: Int) -> UnsafeMutableRawPointer? {
  AnyZone(cache).reclaimPage(pageSize)
}

@_cdecl("slm_cache_statistics") @implementation
public func slm_cache_statistics(_ cache: OpaquePointer, _ out: UnsafeMutablePointer<slm_statistics>?) -> slm_status {
  AnyZone(cache).statistics(out)
}

@_cdecl("slm_cache_class_statistics") @implementation
public func slm_cache_class_statistics(
  _ cache: OpaquePointer, _ out: UnsafeMutablePointer<slm_class_statistics>?
) -> slm_status {
  AnyZone(cache).statistics(of: 0, out)
}
