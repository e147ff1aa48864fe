import CSlabmalloc

// Constructors of caches in C.

@_cdecl("slm_cache_set_constructor") @implementation
public func slm_cache_set_constructor(
  _ cache: OpaquePointer, _ constructor: UnsafePointer<slm_constructor>?
) -> slm_status {
  let cache = AnyZone(cache)
  guard cache.first.isInitialized else { return .notInitialized }
  guard cache.first.pointee.binCount == 1, let constructor = Constructor(constructor) else { return .invalidArgument }
  return cache.setConstructor(constructor)
}

extension Constructor {
  /// nil if the struct breaks the rules in slabmalloc.h.
  fileprivate init?(_ pointer: UnsafePointer<slm_constructor>?) {
    guard let pointer, Int(pointer.pointee.struct_size) >= MemoryLayout<slm_constructor>.size else { return nil }
    self.init(
      construct: pointer.pointee.construct, destroy: pointer.pointee.destroy, context: pointer.pointee.context)
    if construct == nil, destroy == nil { return nil }
  }
}

extension AnyZone {
  /// Whether an object may be cleared when it is allocated: not one that is constructed.
  var canClear: Bool { Build.isSmall || !first.isInitialized || first.constructor == nil }

  fileprivate func setConstructor(_ constructor: Constructor) -> Status {
    guard let policy = first.pointee.policy else { return .invalidArgument }
    // Its objects come before the first page is held.
    var isInUse = first.isConstructing()
    forEach {
      isInUse = isInUse || $0.pointee.ledger.pagesHeld != 0 || !$0.pointee.pulls.isEmpty
      return !isInUse
    }
    guard !isInUse else { return .inUse }
    policy.pointee.constructor = constructor
    forEach {
      $0.pointee.hardening?.pointee.isConstructed = true
      return true
    }
    return .ok
  }
}
