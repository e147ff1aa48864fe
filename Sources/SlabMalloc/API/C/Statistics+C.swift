import CSlabmalloc

/// Statistics in C. The counts are collected in a struct of this library and delivered to the caller's, which may be
/// older.
extension AnyZone {
  func statistics(_ out: UnsafeMutablePointer<slm_statistics>?) -> Status {
    guard first.isInitialized else { return .notInitialized }
    // The first version of the struct ended before `slots_retired`, the sixth field from the end.
    let firstSize = MemoryLayout<slm_statistics>.size - 6 * MemoryLayout<UInt64>.size
    guard GrowingStruct.fits(out, firstSize: firstSize) else { return .invalidArgument }
    var result = slm_statistics()
    forEach {
      result.add($0)
      return true
    }
    if !Build.isSmall, let policy = first.pointee.policy { result.add(policy) }
    return GrowingStruct.deliver(result, to: out, firstSize: firstSize)
  }

  func statistics(of index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?) -> Status {
    guard first.isInitialized else { return .notInitialized }
    guard bits(index) < first.pointee.binCount, GrowingStruct.fits(out) else { return .invalidArgument }
    var result = slm_class_statistics()
    forEach {
      result.add($0, index: bits(index))
      return true
    }
    return GrowingStruct.deliver(result, to: out)
  }
}

extension slm_statistics {
  fileprivate mutating func add(_ zone: ZonePointer) {
    let ledger = zone.pointee.ledger
    let live = zone.live
    class_count = UInt32(zone.pointee.binCount)
    base_pages_taken += ledger.baseTaken
    base_pages_given_back += ledger.baseGivenBack
    large_pages_taken += ledger.largeTaken
    large_pages_given_back += ledger.largeGivenBack
    table_pages += zone.tablePages
    slots_live += UInt64(live.slots)
    bytes_live += UInt64(live.bytes)
    if !Build.isSmall { slots_retired += UInt64(zone.pointee.hardening?.pointee.retired ?? 0) }
  }
}

extension slm_statistics {
  fileprivate mutating func add(_ policy: PolicyPointer) {
    let lent = policy.locked { policy.pointee.lent }
    base_pages_taken += lent.baseTaken
    base_pages_given_back += lent.baseGivenBack
    large_pages_taken += lent.largeTaken
    large_pages_given_back += lent.largeGivenBack
    pages_lent = lent.pagesHeld
    bytes_held = UInt64(policy.held)
    bytes_peak = UInt64(policy.peak)
    soft_limit = UInt64(policy.softLimit)
    hard_limit = UInt64(policy.hardLimit)
  }
}

extension slm_class_statistics {
  fileprivate mutating func add(_ zone: ZonePointer, index: UInt) {
    let statistics = zone.statistics(of: index)
    slot_size = UInt32(statistics.slotSize)
    page_size = UInt64(statistics.pageSize)
    slots_per_page = UInt64(statistics.slotsPerPage)
    pages += UInt64(statistics.pages)
    empty_pages += UInt64(statistics.emptyPages)
    slots_live += UInt64(statistics.slotsLive)
  }
}

extension UnsafeMutablePointer where Pointee == slm_provider_statistics {
  func fill(from ledger: Ledger) -> Status {
    var result = slm_provider_statistics()
    result.base_pages_taken = ledger.baseTaken
    result.base_pages_given_back = ledger.baseGivenBack
    result.large_pages_taken = ledger.largeTaken
    result.large_pages_given_back = ledger.largeGivenBack
    return GrowingStruct.deliver(result, to: self)
  }
}
