import CSlabmalloc

// The process in C: options, statistics and misuse. These functions preserve errno.

@_cdecl("slm_process_configure") @implementation
public func slm_process_configure(
  _ options: UnsafePointer<slm_process_options>?, _ former: UnsafeMutablePointer<slm_process_options>?
) -> slm_status {
  let process = ProcessPointer.shared
  process.prepare()
  var new: slm_process_options?
  if let options {
    new = GrowingStruct.read(options, firstSize: FirstSizes.processOptions)
    guard new != nil else { return .invalidArgument }
  }
  // Both structs are checked before anything changes. They may be the same struct.
  guard former == nil || GrowingStruct.fits(former, firstSize: FirstSizes.processOptions) else {
    return .invalidArgument
  }
  let runs = process.runs
  let old = runs.locked {
    let old = runs.pointee.options
    if let new {
      runs.pointee.options.purgeDelay = new.purge_delay
      runs.pointee.options.retain = UInt(new.retain)
      runs.nextPurge = 0
    }
    return old
  }
  if let former {
    _ = GrowingStruct.fill(former, firstSize: FirstSizes.processOptions) { result in
      result.purge_delay = old.purgeDelay
      result.retain = UInt64(old.retain)
    }
  }
  if new != nil { runs.purgeIfDue() }
  return .ok
}

@_cdecl("slm_process_purge") @implementation
public func slm_process_purge() -> Int {
  let process = ProcessPointer.shared
  process.prepare()
  return Int(bitPattern: process.heaps.purgeAll(of: .own))
}

@_cdecl("slm_process_statistics") @implementation
public func slm_process_statistics(_ out: UnsafeMutablePointer<slm_process_usage>?) -> slm_status {
  let process = ProcessPointer.shared
  process.prepare()
  return GrowingStruct.fill(out, firstSize: FirstSizes.processUsage) { result in
    let now = process.snapshot()
    result.class_count = UInt32(SizeClass.count)
    result.bytes_taken = UInt64(now.runs.taken)
    result.bytes_given_back = UInt64(now.runs.givenBack)
    result.bytes_slabs = UInt64(now.heaps.slabs)
    result.bytes_large = UInt64(now.heaps.large)
    result.bytes_retained = UInt64(now.pages.held - now.heaps.slabs - now.heaps.large - now.metadata - now.pages.clean)
    result.bytes_metadata = UInt64(now.metadata)
    result.bytes_clean = UInt64(now.pages.clean)
    result.bytes_peak = UInt64(now.heaps.peak)
    result.bytes_purged = UInt64(now.runs.purged)
    result.large_live = UInt64(now.heaps.largeLive)
    result.heaps = UInt64(now.heaps.heaps)
  }
}

@_cdecl("slm_process_class_statistics") @implementation
public func slm_process_class_statistics(
  _ index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?
) -> slm_status {
  guard index >= 0, index < Int(SizeClass.count) else { return .invalidArgument }
  let heaps = ProcessPointer.shared.heaps
  ProcessPointer.shared.prepare()
  return GrowingStruct.fill(out, firstSize: FirstSizes.classStatistics) { result in
    let (slabs, used) = heaps.locked { (heaps.pointee.slabCounts[index], heaps.usedSlots(ofClass: index)) }
    result.setLayout(ofClass: UInt(index))
    result.pages = UInt64(slabs)
    result.empty_pages = 0
    result.slots_live = UInt64(used)
  }
}

@_cdecl("slm_process_set_misuse_handler") @implementation
public func slm_process_set_misuse_handler(_ handler: slm_misuse_handler) -> slm_misuse_handler {
  ProcessPointer.shared.prepare()
  return ProcessPointer.shared.pointee.misuse.exchange(handler)
}
