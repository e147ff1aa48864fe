import CSlabmalloc

@_cdecl("slm_process_options_get") @implementation
public func slm_process_options_get(_ out: UnsafeMutablePointer<slm_process_options>?) -> slm_status {
  guard let out, out.pointee.struct_size >= UInt32(MemoryLayout<slm_process_options>.size) else {
    return .invalidArgument
  }
  let process = ProcessHeapPointer.shared
  process.prepare()
  out.pointee.purge_delay = process.pointee.options.purgeDelay
  out.pointee.retain = UInt64(process.pointee.options.retain)
  return .ok
}

@_cdecl("slm_process_options_set") @implementation
public func slm_process_options_set(_ options: UnsafePointer<slm_process_options>?) -> slm_status {
  guard let options, options.pointee.struct_size >= UInt32(MemoryLayout<slm_process_options>.size) else {
    return .invalidArgument
  }
  let process = ProcessHeapPointer.shared
  process.prepare()
  process.locked {
    process.pointee.options.purgeDelay = options.pointee.purge_delay
    process.pointee.options.retain = UInt(options.pointee.retain)
    process.nextPurge = 0
  }
  process.purgeIfDue()
  return .ok
}

@_cdecl("slm_purge") @implementation
public func slm_purge() -> Int {
  let process = ProcessHeapPointer.shared
  process.prepare()
  return Int(bitPattern: process.purgeAll(of: .own))
}

@_cdecl("slm_process_statistics_get") @implementation
public func slm_process_statistics_get(_ out: UnsafeMutablePointer<slm_process_statistics>?) -> slm_status {
  guard let out, out.pointee.struct_size >= UInt32(MemoryLayout<slm_process_statistics>.size) else {
    return .invalidArgument
  }
  let process = ProcessHeapPointer.shared
  process.prepare()
  process.acquire()
  let (counts, pages) = (process.pointee.counts, process.pages)
  let metadata = process.pointee.metadata.pageCount << PageRun.pageShift
  process.release()
  out.pointee.class_count = UInt32(SizeClass.count)
  out.pointee.bytes_taken = UInt64(counts.taken)
  out.pointee.bytes_given_back = UInt64(counts.givenBack)
  out.pointee.bytes_slabs = UInt64(counts.slabs)
  out.pointee.bytes_large = UInt64(counts.large)
  out.pointee.bytes_retained = UInt64(pages.held - counts.slabs - counts.large - metadata - pages.clean)
  out.pointee.bytes_metadata = UInt64(metadata)
  out.pointee.bytes_clean = UInt64(pages.clean)
  out.pointee.bytes_peak = UInt64(counts.peak)
  out.pointee.bytes_purged = UInt64(counts.purged)
  out.pointee.large_live = UInt64(counts.largeLive)
  out.pointee.heaps = UInt64(counts.heaps)
  return .ok
}

@_cdecl("slm_process_class_statistics") @implementation
public func slm_process_class_statistics(_ index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?) -> slm_status
{
  guard let out, out.pointee.struct_size >= UInt32(MemoryLayout<slm_class_statistics>.size), index >= 0,
    index < Int(SizeClass.count)
  else { return .invalidArgument }
  let process = ProcessHeapPointer.shared
  process.prepare()
  let slotSize = SizeClass.slotSize(UInt(index))
  let bytes = HeapBin.pages(slotSize) << PageRun.pageShift
  process.acquire()
  let (slabs, used) = (process.pointee.slabs[index], process.used(UInt(index)))
  process.release()
  out.pointee.slot_size = UInt32(slotSize)
  out.pointee.page_size = UInt64(bytes)
  out.pointee.slots_per_page = UInt64(bytes / slotSize)
  out.pointee.pages = UInt64(slabs)
  out.pointee.empty_pages = 0
  out.pointee.slots_live = UInt64(used)
  return .ok
}

@_cdecl("slm_set_misuse_handler") @implementation
public func slm_set_misuse_handler(_ handler: slm_misuse_handler?, _ context: UnsafeMutableRawPointer?) {
  let process = ProcessHeapPointer.shared
  process.prepare()
  process.pointee.misuse = MisuseHandler(
    function: unsafeBitCast(handler, to: MisuseHandler.Function?.self), context: context)
}
