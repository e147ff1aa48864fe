import CSlabmalloc

// Limits and shrinkers in C, for zones and caches.

@_cdecl("slm_zone_set_limits") @implementation
public func slm_zone_set_limits(_ zone: OpaquePointer, _ soft: UInt64, _ hard: UInt64) -> slm_status {
  AnyZone(zone).withPolicy { policy in
    guard areLimits(soft: soft, hard: hard) else { return .invalidArgument }
    policy.setLimits(soft: UInt(clamping: soft), hard: UInt(clamping: hard))
    return .ok
  }
}

@_cdecl("slm_cache_set_limits") @implementation
public func slm_cache_set_limits(_ cache: OpaquePointer, _ soft: UInt64, _ hard: UInt64) -> slm_status {
  slm_zone_set_limits(cache, soft, hard)
}

@_cdecl("slm_zone_set_soft_limit_handler") @implementation
public func slm_zone_set_soft_limit_handler(
  _ zone: OpaquePointer, _ handler: slm_soft_limit_handler?, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  AnyZone(zone).withPolicy { policy in
    policy.locked {
      policy.pointee.softLimitHandler = handler
      policy.pointee.softLimitContext = context
    }
    return .ok
  }
}

@_cdecl("slm_cache_set_soft_limit_handler") @implementation
public func slm_cache_set_soft_limit_handler(
  _ cache: OpaquePointer, _ handler: slm_soft_limit_handler?, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  slm_zone_set_soft_limit_handler(cache, handler, context)
}

@_cdecl("slm_zone_add_shrinker") @implementation
public func slm_zone_add_shrinker(_ zone: OpaquePointer, _ shrinker: UnsafeMutablePointer<slm_shrinker>?) -> slm_status
{
  AnyZone(zone).withPolicy { policy in
    guard let shrinker, Int(shrinker.pointee.struct_size) >= MemoryLayout<slm_shrinker>.size,
      shrinker.pointee.shrink != nil
    else { return .invalidArgument }
    return policy.addShrinker(shrinker)
  }
}

@_cdecl("slm_cache_add_shrinker") @implementation
public func slm_cache_add_shrinker(_ cache: OpaquePointer, _ shrinker: UnsafeMutablePointer<slm_shrinker>?)
  -> slm_status
{
  slm_zone_add_shrinker(cache, shrinker)
}

@_cdecl("slm_zone_remove_shrinker") @implementation
public func slm_zone_remove_shrinker(_ zone: OpaquePointer, _ shrinker: UnsafeMutablePointer<slm_shrinker>?)
  -> slm_status
{
  AnyZone(zone).withPolicy { policy in
    guard let shrinker, policy.removeShrinker(shrinker) else { return .invalidArgument }
    return .ok
  }
}

@_cdecl("slm_cache_remove_shrinker") @implementation
public func slm_cache_remove_shrinker(_ cache: OpaquePointer, _ shrinker: UnsafeMutablePointer<slm_shrinker>?)
  -> slm_status
{
  slm_zone_remove_shrinker(cache, shrinker)
}

extension AnyZone {
  @inline(__always) fileprivate func withPolicy(_ body: (PolicyPointer) -> Status) -> Status {
    guard first.isInitialized else { return .notInitialized }
    guard !Build.isSmall, let policy = first.pointee.policy else { return .invalidArgument }
    return body(policy)
  }
}
