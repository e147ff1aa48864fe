import CSlabmalloc

extension OpaquePointer {
  @inline(__always) fileprivate var zone: ZonePointer { ZonePointer(self) }
}

@_cdecl("slm_sc_storage_size") @implementation
public func slm_sc_storage_size() -> Int { ZonePointer.storageSize(bins: 1) }

@_cdecl("slm_sc_init") @implementation
public func slm_sc_init(
  _ memory: UnsafeMutableRawPointer?, _ storageSize: Int, _ alignment: Int, _ size: Int,
  _ options: UnsafePointer<slm_options>?
) -> OpaquePointer? {
  guard let memory = storage(memory, storageSize, needed: slm_sc_storage_size()), let options = Options(options),
    let slotSize = slotSize(
      size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), profile: options.profile)
  else { return nil }
  let zone = memory.assumingMemoryBound(to: ZoneState.self)
  zone.initialize(slotSize: slotSize, page: options.page, provider: options.provider, profile: options.profile)
  return OpaquePointer(zone)
}

@_cdecl("slm_sc_destroy") @implementation
public func slm_sc_destroy(_ sc: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  sc.zone.destroy(live)
}

@_cdecl("slm_sc_slot_size") @implementation
public func slm_sc_slot_size(_ sc: OpaquePointer) -> Int {
  sc.zone.isInitialized ? Int(sc.zone.bin(0).pointee.slotSize) : 0
}

@_cdecl("slm_sc_page_size") @implementation
public func slm_sc_page_size(_ sc: OpaquePointer) -> Int {
  sc.zone.isInitialized ? sc.zone.bin(0).pointee.page.bytes : 0
}

@_cdecl("slm_sc_refill") @implementation
public func slm_sc_refill(_ sc: OpaquePointer, _ page: UnsafeMutableRawPointer?, _ pageSize: Int) -> slm_status {
  sc.zone.refillObjects(page, pageSize)
}

@_cdecl("slm_sc_allocate") @implementation
public func slm_sc_allocate(_ sc: OpaquePointer) -> UnsafeMutableRawPointer? { sc.zone.allocateObject() }

@_cdecl("slm_sc_allocate_zeroed") @implementation
public func slm_sc_allocate_zeroed(_ sc: OpaquePointer) -> UnsafeMutableRawPointer? { sc.zone.allocateZeroedObject() }

@_cdecl("slm_sc_allocate_with") @implementation
public func slm_sc_allocate_with(
  _ sc: OpaquePointer, _ flags: UInt32, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  sc.zone.allocateObject(flags, out)
}

@_cdecl("slm_sc_allocate_batch") @implementation
public func slm_sc_allocate_batch(
  _ sc: OpaquePointer, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int {
  sc.zone.isInitialized ? sc.zone.allocateBatch(sc.zone.bin(0), count: limit(count), into: out) : 0
}

@_cdecl("slm_sc_deallocate") @implementation
public func slm_sc_deallocate(_ sc: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  sc.zone.deallocate(bits(pointer))
}

@_cdecl("slm_sc_deallocate_aligned_sized") @implementation
public func slm_sc_deallocate_aligned_sized(
  _ sc: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> slm_status {
  sc.zone.deallocateObject(pointer, alignment, size)
}

@_cdecl("slm_sc_deallocate_batch") @implementation
public func slm_sc_deallocate_batch(
  _ sc: OpaquePointer, _ pointers: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int,
  _ done: UnsafeMutablePointer<Int>?
) -> slm_status {
  sc.zone.deallocateBatch(pointers, count, done)
}

@_cdecl("slm_sc_usable_size") @implementation
public func slm_sc_usable_size(_ sc: OpaquePointer, _ pointer: UnsafeRawPointer?) -> Int {
  Int(sc.zone.usableSize(UInt(bitPattern: pointer)))
}

@_cdecl("slm_sc_owns") @implementation
public func slm_sc_owns(_ sc: OpaquePointer, _ address: UnsafeRawPointer?) -> Bool {
  sc.zone.owns(UInt(bitPattern: address))
}

@_cdecl("slm_sc_reserve") @implementation
public func slm_sc_reserve(_ sc: OpaquePointer, _ count: Int) -> slm_status { sc.zone.reserveObjects(count) }

@_cdecl("slm_sc_reclaim") @implementation
public func slm_sc_reclaim(
  _ sc: OpaquePointer, _ maxBasePages: Int, _ maxLargePages: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?
) -> slm_status {
  sc.zone.reclaim(maxBasePages, maxLargePages, out)
}

@_cdecl("slm_sc_reclaim_page") @implementation
public func slm_sc_reclaim_page(_ sc: OpaquePointer, _ pageSize: Int) -> UnsafeMutableRawPointer? {
  sc.zone.reclaimPage(pageSize)
}

@_cdecl("slm_sc_statistics") @implementation
public func slm_sc_statistics(_ sc: OpaquePointer, _ out: UnsafeMutablePointer<slm_statistics>?) -> slm_status {
  sc.zone.statistics(out)
}

@_cdecl("slm_sc_class_statistics") @implementation
public func slm_sc_class_statistics(
  _ sc: OpaquePointer, _ out: UnsafeMutablePointer<slm_class_statistics>?
) -> slm_status {
  sc.zone.statistics(of: 0, out)
}
