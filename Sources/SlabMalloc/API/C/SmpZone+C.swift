import CSlabmalloc

extension OpaquePointer {
  @inline(__always) fileprivate var smp: SmpZonePointer { SmpZonePointer(self) }
}

@_cdecl("slm_smp_zone_storage_size") @implementation
public func slm_smp_zone_storage_size(_ cpuCount: Int) -> Int {
  Int(SmpZonePointer.storageSize(cpuCount: UInt(bitPattern: cpuCount)) ?? 0)
}

@_cdecl("slm_smp_zone_init") @implementation
public func slm_smp_zone_init(
  _ memory: UnsafeMutableRawPointer?, _ size: Int, _ cpuCount: Int, _ options: UnsafePointer<slm_options>?
) -> OpaquePointer? {
  guard let needed = SmpZonePointer.storageSize(cpuCount: UInt(bitPattern: cpuCount)),
    let memory = storage(memory, size, needed: Int(needed)), let options = Options(options)
  else { return nil }
  let zone = memory.assumingMemoryBound(to: SmpZone.self)
  zone.initialize(cpuCount: UInt(cpuCount), page: options.page, provider: options.provider, profile: options.profile)
  return OpaquePointer(zone)
}

@_cdecl("slm_smp_zone_destroy") @implementation
public func slm_smp_zone_destroy(_ zone: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  var count: UInt = 0
  let status = zone.smp.destroy(live: &count)
  live?.pointee = Int(count)
  return status
}

@_cdecl("slm_smp_zone_page_size") @implementation
public func slm_smp_zone_page_size(_ zone: OpaquePointer, _ alignment: Int, _ size: Int) -> Int {
  zone.smp.withOwn(or: 0) { $0.pageSize(alignment, size) }
}

@_cdecl("slm_smp_zone_refill") @implementation
public func slm_smp_zone_refill(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ page: UnsafeMutableRawPointer?, _ pageSize: Int
) -> slm_status {
  zone.smp.withOwn(or: Status.notInitialized) {
    $0.refill(
      size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), page: UInt(bitPattern: page),
      pageSize: pageSize)
  }
}

@_cdecl("slm_smp_zone_allocate") @implementation
public func slm_smp_zone_allocate(_ zone: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  zone.smp.allocate(UInt(bitPattern: size))
}

@_cdecl("slm_smp_zone_allocate_zeroed") @implementation
public func slm_smp_zone_allocate_zeroed(_ zone: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  zone.smp.allocateZeroed(UInt(bitPattern: size))
}

@_cdecl("slm_smp_zone_allocate_aligned") @implementation
public func slm_smp_zone_allocate_aligned(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  var status = Status.ok
  return zone.smp.allocate(size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), status: &status)
}

@_cdecl("slm_smp_zone_allocate_with") @implementation
public func slm_smp_zone_allocate_with(
  _ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  var status = Status.ok
  out.pointee = nil
  guard areKnown(flags) else { return .invalidArgument }
  out.pointee = zone.smp.allocate(
    size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), nowait: flags & SLM_NOWAIT != 0,
    status: &status)
  clear(out, UInt(bitPattern: size), ifAskedBy: flags)
  return status
}

@_cdecl("slm_smp_zone_allocate_batch") @implementation
public func slm_smp_zone_allocate_batch(
  _ zone: OpaquePointer, _ size: Int, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int {
  zone.smp.allocateBatch(UInt(bitPattern: size), count: limit(count), into: out)
}

@_cdecl("slm_smp_zone_deallocate") @implementation
public func slm_smp_zone_deallocate(_ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  zone.smp.deallocate(bits(pointer))
}

@_cdecl("slm_smp_zone_deallocate_sized") @implementation
public func slm_smp_zone_deallocate_sized(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> slm_status {
  zone.smp.withOwner(of: bits(pointer)) { $0.deallocate(bits(pointer), size: UInt(bitPattern: size)) }
}

@_cdecl("slm_smp_zone_deallocate_aligned_sized") @implementation
public func slm_smp_zone_deallocate_aligned_sized(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> slm_status {
  zone.smp.withOwner(of: bits(pointer)) {
    $0.deallocate(bits(pointer), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
  }
}

@_cdecl("slm_smp_zone_deallocate_batch") @implementation
public func slm_smp_zone_deallocate_batch(
  _ zone: OpaquePointer, _ pointers: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int,
  _ out: UnsafeMutablePointer<Int>?
) -> slm_status {
  var done = 0
  let status = zone.smp.deallocateBatch(pointers, count: limit(count), done: &done)
  out?.pointee = done
  return status
}

@_cdecl("slm_smp_zone_reallocate") @implementation
public func slm_smp_zone_reallocate(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer? {
  zone.smp.reallocate(pointer, size: UInt(bitPattern: size), alignment: 1)
}

@_cdecl("slm_smp_zone_reallocate_aligned") @implementation
public func slm_smp_zone_reallocate_aligned(
  _ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  zone.smp.reallocate(pointer, size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
}

@_cdecl("slm_smp_zone_resize") @implementation
public func slm_smp_zone_resize(_ zone: OpaquePointer, _ pointer: UnsafeMutableRawPointer, _ size: Int) -> slm_status {
  let address = UInt(bitPattern: pointer)
  return zone.smp.withOwner(of: address) { $0.resize(address, size: UInt(bitPattern: size)) }
}

@_cdecl("slm_smp_zone_usable_size") @implementation
public func slm_smp_zone_usable_size(_ zone: OpaquePointer, _ pointer: UnsafeRawPointer?) -> Int {
  Int(zone.smp.usableSize(UInt(bitPattern: pointer)))
}

@_cdecl("slm_smp_zone_good_size") @implementation
public func slm_smp_zone_good_size(_ zone: OpaquePointer, _ size: Int) -> Int {
  zone.smp.withOwn(or: 0) { $0.goodSize(size) }
}

@_cdecl("slm_smp_zone_owns") @implementation
public func slm_smp_zone_owns(_ zone: OpaquePointer, _ address: UnsafeRawPointer?) -> Bool {
  zone.smp.owns(UInt(bitPattern: address))
}

@_cdecl("slm_smp_zone_reserve") @implementation
public func slm_smp_zone_reserve(_ zone: OpaquePointer, _ alignment: Int, _ size: Int, _ count: Int) -> slm_status {
  zone.smp.reserve(
    size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), count: UInt(bitPattern: count))
}

@_cdecl("slm_smp_zone_reclaim") @implementation
public func slm_smp_zone_reclaim(
  _ zone: OpaquePointer, _ maxBasePages: Int, _ maxLargePages: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?
) -> slm_status {
  var count = (base: 0, large: 0)
  let status = zone.smp.reclaim(basePages: limit(maxBasePages), largePages: limit(maxLargePages), &count)
  out?.pointee = slm_reclaimed(base_pages: count.base, large_pages: count.large)
  return status
}

@_cdecl("slm_smp_zone_reclaim_page") @implementation
public func slm_smp_zone_reclaim_page(_ zone: OpaquePointer, _ pageSize: Int) -> UnsafeMutableRawPointer? {
  guard let page = SlabMalloc.pageSize(ofBytes: pageSize) else { return nil }
  return UnsafeMutableRawPointer(bitPattern: zone.smp.takeEmptyPage(page) ?? 0)
}

@_cdecl("slm_smp_zone_statistics") @implementation
public func slm_smp_zone_statistics(_ zone: OpaquePointer, _ out: UnsafeMutablePointer<slm_statistics>?) -> slm_status {
  guard zone.smp.own != nil else { return .notInitialized }
  guard let out, out.begin() else { return .invalidArgument }
  zone.smp.forEach {
    out.add($0)
    return true
  }
  return .ok
}

@_cdecl("slm_smp_zone_class_statistics") @implementation
public func slm_smp_zone_class_statistics(
  _ zone: OpaquePointer, _ index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?
) -> slm_status {
  guard zone.smp.own != nil else { return .notInitialized }
  guard let out, UInt(bitPattern: index) < SizeClass.count, out.begin() else {
    return .invalidArgument
  }
  zone.smp.forEach {
    out.add($0, index: UInt(index))
    return true
  }
  return .ok
}
