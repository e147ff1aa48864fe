import CSlabmalloc

/// A count from C. SIZE_MAX means "all there are" and arrives as -1.
@inline(__always) func limit(_ count: Int) -> Int { count < 0 ? Int.max : count }

/// The flags of the `allocate_with` functions.
enum AllocationFlags {
  /// Allocates with the body and clears the memory if the flags say so. With `nowait` the body must not call the
  /// provider.
  @inline(__always) static func allocate(
    _ flags: UInt32, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>, clearing size: UInt,
    _ body: (_ nowait: Bool, inout Status) -> UnsafeMutableRawPointer?
  ) -> Status {
    out.pointee = nil
    guard flags & ~(SLM_ZEROED | SLM_NOWAIT) == 0 else { return .invalidArgument }
    var status = Status.ok
    guard let memory = body(flags & SLM_NOWAIT != 0, &status) else { return status }
    if flags & SLM_ZEROED != 0 { clear(memory, size) }
    out.pointee = memory
    return .ok
  }
}

/// Calls that zones and caches share, with C's types.
extension AnyZone {
  func destroy(_ out: UnsafeMutablePointer<Int>?) -> Status {
    var live: UInt = 0
    let status = destroy(live: &live)
    out?.pointee = Int(live)
    return status
  }

  func deallocateBatch(
    _ objects: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int, _ out: UnsafeMutablePointer<Int>?
  ) -> Status {
    var done = 0
    let status = deallocateBatch(objects, count: limit(count), done: &done)
    out?.pointee = done
    return status
  }

  func reclaim(_ baseLimit: Int, _ largeLimit: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?) -> Status {
    guard out == nil || GrowingStruct.fits(out) else { return .invalidArgument }
    var gone = (base: 0, large: 0)
    let status = reclaim(basePages: limit(baseLimit), largePages: limit(largeLimit), &gone)
    if out != nil {
      var result = slm_reclaimed()
      result.base_pages = UInt64(gone.base)
      result.large_pages = UInt64(gone.large)
      _ = GrowingStruct.deliver(result, to: out)
    }
    return status
  }

  func reclaimPage(_ pageSize: Int) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: takeEmptyPage(bits(pageSize)) ?? 0)
  }
}
