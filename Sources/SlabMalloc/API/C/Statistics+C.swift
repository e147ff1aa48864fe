import CSlabmalloc

/// Results go into structs that may have grown since the caller was compiled: its struct_size says how much it knows.
extension UnsafeMutablePointer where Pointee == slm_statistics {
  func fill(from zone: ZonePointer) -> Status {
    guard begin() else { return .invalidArgument }
    add(zone)
    return .ok
  }

  /// Nothing is counted yet. False if the struct is too small.
  func begin() -> Bool {
    guard pointee.struct_size >= Self.firstSize else { return false }
    pointee.class_count = 0
    pointee.base_pages_taken = 0
    pointee.base_pages_given_back = 0
    pointee.large_pages_taken = 0
    pointee.large_pages_given_back = 0
    pointee.table_pages = 0
    pointee.slots_live = 0
    pointee.bytes_live = 0
    if hasRetired { pointee.slots_retired = 0 }
    return true
  }

  /// Bytes of the struct before it got `slots_retired`, its last field.
  private static var firstSize: UInt32 { UInt32(MemoryLayout<slm_statistics>.size - MemoryLayout<UInt64>.size) }

  private var hasRetired: Bool { pointee.struct_size >= UInt32(MemoryLayout<slm_statistics>.size) }

  func add(_ zone: ZonePointer) {
    let ledger = zone.pointee.ledger
    let live = zone.live
    pointee.class_count = UInt32(zone.pointee.binCount)
    pointee.base_pages_taken += ledger.baseTaken
    pointee.base_pages_given_back += ledger.baseGivenBack
    pointee.large_pages_taken += ledger.largeTaken
    pointee.large_pages_given_back += ledger.largeGivenBack
    pointee.table_pages += zone.tablePages
    pointee.slots_live += UInt64(live.slots)
    pointee.bytes_live += UInt64(live.bytes)
    if !Build.isSmall, hasRetired { pointee.slots_retired += UInt64(zone.pointee.hardening?.pointee.retired ?? 0) }
  }
}

extension UnsafeMutablePointer where Pointee == slm_class_statistics {
  func fill(from zone: ZonePointer, index: Int) -> Status {
    guard index >= 0, index < Int(zone.pointee.binCount), begin() else { return .invalidArgument }
    add(zone, index: UInt(index))
    return .ok
  }

  /// Nothing is counted yet. False if the struct is too small.
  func begin() -> Bool {
    guard pointee.struct_size >= UInt32(MemoryLayout<slm_class_statistics>.size) else { return false }
    pointee.pages = 0
    pointee.empty_pages = 0
    pointee.slots_live = 0
    return true
  }

  func add(_ zone: ZonePointer, index: UInt) {
    let statistics = zone.statistics(of: index)
    pointee.slot_size = UInt32(statistics.slotSize)
    pointee.page_size = UInt64(statistics.pageSize)
    pointee.slots_per_page = UInt64(statistics.slotsPerPage)
    pointee.pages += UInt64(statistics.pages)
    pointee.empty_pages += UInt64(statistics.emptyPages)
    pointee.slots_live += UInt64(statistics.slotsLive)
  }
}

extension UnsafeMutablePointer where Pointee == slm_provider_statistics {
  func fill(from ledger: Ledger) -> Status {
    guard pointee.struct_size >= UInt32(MemoryLayout<slm_provider_statistics>.size) else {
      return .invalidArgument
    }
    pointee.base_pages_taken = ledger.baseTaken
    pointee.base_pages_given_back = ledger.baseGivenBack
    pointee.large_pages_taken = ledger.largeTaken
    pointee.large_pages_given_back = ledger.largeGivenBack
    return .ok
  }
}
