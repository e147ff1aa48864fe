import CSlabmalloc

// Walks in C, for zones and caches.

@_cdecl("slm_zone_for_each") @implementation
public func slm_zone_for_each(
  _ zone: OpaquePointer, _ visitor: slm_object_visitor, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  AnyZone(zone).forEachObject(visitor, context)
}

@_cdecl("slm_cache_for_each") @implementation
public func slm_cache_for_each(
  _ cache: OpaquePointer, _ visitor: slm_object_visitor, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  AnyZone(cache).forEachObject(visitor, context)
}

@_cdecl("slm_zone_destroy_with") @implementation
public func slm_zone_destroy_with(
  _ zone: OpaquePointer, _ visitor: slm_object_visitor, _ context: UnsafeMutableRawPointer?,
  _ live: UnsafeMutablePointer<Int>?
) -> slm_status {
  AnyZone(zone).destroy(visitor, context, live)
}

@_cdecl("slm_cache_destroy_with") @implementation
public func slm_cache_destroy_with(
  _ cache: OpaquePointer, _ visitor: slm_object_visitor, _ context: UnsafeMutableRawPointer?,
  _ live: UnsafeMutablePointer<Int>?
) -> slm_status {
  AnyZone(cache).destroy(visitor, context, live)
}

extension AnyZone {
  @inline(never) fileprivate func forEachObject(
    _ visitor: slm_object_visitor, _ context: UnsafeMutableRawPointer?
  ) -> Status {
    forEachObject { object, size, binIndex in
      guard let object = UnsafeMutableRawPointer(bitPattern: object) else { return true }
      return visitor(context, object, Int(bitPattern: size), Int(bitPattern: binIndex))
    }
  }

  @inline(never) fileprivate func destroy(
    _ visitor: slm_object_visitor, _ context: UnsafeMutableRawPointer?, _ live: UnsafeMutablePointer<Int>?
  ) -> Status {
    if refusalToEnd == .ok { _ = forEachObject(visitor, context) }
    return destroy(live)
  }
}
