import CSlabmalloc

/// Statistics in C. The counts are collected in a struct of this library and delivered to the caller's, which may be
/// older.
extension AnyZone {
  func statistics(_ out: UnsafeMutablePointer<slm_statistics>?) -> Status {
    guard first.isInitialized else { return .notInitialized }
    // The first version of the struct ended before `slots_retired`, the ninth field from the end.
    let firstSize = MemoryLayout<slm_statistics>.size - 9 * MemoryLayout<UInt64>.size
    guard GrowingStruct.fits(out, firstSize: firstSize) else { return .invalidArgument }
    var result = slm_statistics()
    forEach {
      result.add($0.pointee.ledger)
      if !Build.isSmall { result.slots_retired += UInt64($0.pointee.hardening?.pointee.retired ?? 0) }
      result.addLarge($0)
      return true
    }
    withOne { result.add($0) }
    if !Build.isSmall, let policy = first.pointee.policy { result.add(policy) }
    return GrowingStruct.deliver(result, to: out, firstSize: firstSize)
  }

  func statistics(of index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?) -> Status {
    guard first.isInitialized else { return .notInitialized }
    guard bits(index) < first.pointee.binCount, GrowingStruct.fits(out) else { return .invalidArgument }
    var result = slm_class_statistics()
    withOne { result.add($0, index: bits(index)) }
    return GrowingStruct.deliver(result, to: out)
  }
}

extension slm_statistics {
  /// Adds what all zones share.
  fileprivate mutating func add(_ zone: ZonePointer) {
    if let directory = zone.pointee.directory { add(directory.pointee.ledger) }
    class_count = UInt32(zone.pointee.binCount)
    table_pages = zone.tablePages
    let live = zone.live
    slots_live = UInt64(live.slots)
    bytes_live = UInt64(live.bytes)
  }

  /// Adds the objects that have a run of their own. One zone of several CPUs' zones has them.
  fileprivate mutating func addLarge(_ zone: ZonePointer) {
    guard zone.pointee.hasRuns else { return }
    zone.forEachLiveRun {
      objects_large += 1
      bytes_large += UInt64($0.pointee.bytes)
    }
    var run = zone.pointee.directory?.pointee.runs.free.first
    while let found = run {
      bytes_free_runs += UInt64(found.pointee.bytes)
      run = found.pointee.next
    }
  }

  fileprivate mutating func add(_ ledger: Ledger) {
    base_pages_taken += ledger.baseTaken
    base_pages_given_back += ledger.baseGivenBack
    large_pages_taken += ledger.largeTaken
    large_pages_given_back += ledger.largeGivenBack
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
