import CSlabmalloc

/// Clears what an `allocate_with` function gave, if its flags ask for it. Not part of the body: a safe zone does it without
/// its lock.
func clear(_ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ size: UInt, ifAskedBy flags: UInt32) {
  if flags & SLM_ZEROED != 0, let memory = out.pointee { clear(memory, size) }
}

func areKnown(_ flags: UInt32) -> Bool { flags & ~(SLM_ZEROED | SLM_NOWAIT) == 0 }

/// The body of the families' functions of the same name.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func statistics(_ out: UnsafeMutablePointer<slm_statistics>?) -> Status {
    guard isInitialized else { return .notInitialized }
    return out?.fill(from: self) ?? .invalidArgument
  }

  func statistics(of index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?) -> Status {
    guard isInitialized else { return .notInitialized }
    return out?.fill(from: self, index: index) ?? .invalidArgument
  }

  func reclaim(_ baseLimit: Int, _ largeLimit: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?) -> Status {
    out?.pointee = slm_reclaimed(base_pages: 0, large_pages: 0)
    guard isInitialized else { return .notInitialized }
    guard pointee.provider.release != nil else { return .noProvider }
    let count = reclaim(basePages: limit(baseLimit), largePages: limit(largeLimit))
    out?.pointee = slm_reclaimed(base_pages: count.base, large_pages: count.large)
    return .ok
  }

  func reserve(_ alignment: Int, _ size: Int, _ count: Int) -> Status {
    reserve(
      size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), count: UInt(bitPattern: count))
  }

  func destroy(_ out: UnsafeMutablePointer<Int>?) -> Status {
    var live: UInt = 0
    let status = destroy(live: &live)
    out?.pointee = Int(live)
    return status
  }

  /// Allocates for the `allocate_with` functions, which clear the memory if asked.
  func allocate(
    _ alignment: Int, _ size: Int, _ flags: UInt32, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  ) -> Status {
    var status = Status.ok
    out.pointee = nil
    guard areKnown(flags) else { return .invalidArgument }
    guard
      let memory = allocate(
        size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), nowait: flags & SLM_NOWAIT != 0,
        status: &status)
    else { return status }
    out.pointee = memory
    return .ok
  }

  func deallocateBatch(
    _ objects: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int, _ out: UnsafeMutablePointer<Int>?
  ) -> Status {
    var done = 0
    let status = deallocateBatch(objects, count: limit(count), done: &done)
    out?.pointee = done
    return status
  }
}

/// The bodies that the size-class allocator has for itself.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func allocateObject(_ flags: UInt32, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Status {
    var status = Status.ok
    out.pointee = nil
    guard areKnown(flags) else { return .invalidArgument }
    guard let memory = allocateObject(nowait: flags & SLM_NOWAIT != 0, status: &status) else { return status }
    out.pointee = memory
    clear(out, bin(0).pointee.slotSize &- canarySize, ifAskedBy: flags)
    return .ok
  }

  func reserveObjects(_ count: Int) -> Status {
    guard isInitialized else { return .notInitialized }
    return reserve(bin(0), alignment: 1, count: UInt(bitPattern: count))
  }
}
