import CSlabmalloc

// What a heap holds, in C: ownership, statistics, limits and walks. Any thread may call these.

@_cdecl("slm_heap_owns") @implementation
public func slm_heap_owns(_ heap: OpaquePointer, _ address: UnsafeRawPointer?) -> Bool {
  heap.heap.isInitialized && heap.heap.owns(UInt(bitPattern: address))
}

@_cdecl("slm_heap_statistics") @implementation
public func slm_heap_statistics(_ heap: OpaquePointer, _ out: UnsafeMutablePointer<slm_heap_usage>?) -> slm_status {
  guard heap.heap.isInitialized else { return .notInitialized }
  return GrowingStruct.fill(out, firstSize: FirstSizes.heapUsage) { result in
    let usage = heap.heap.usage()
    result.objects_live = UInt64(usage.objects)
    result.bytes_live = UInt64(usage.bytes)
    result.bytes_slabs = UInt64(usage.slabBytes)
    result.bytes_large = UInt64(usage.largeBytes)
    result.large_live = UInt64(usage.largeObjects)
    let limits = heap.heap.limits
    result.bytes_held = UInt64(limits.held)
    result.bytes_peak = UInt64(limits.peak)
    result.soft_limit = UInt64(limits.soft)
    result.hard_limit = UInt64(limits.hard)
  }
}

@_cdecl("slm_heap_class_statistics") @implementation
public func slm_heap_class_statistics(
  _ heap: OpaquePointer, _ index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?
) -> slm_status {
  guard heap.heap.isInitialized else { return .notInitialized }
  guard index >= 0, index < Int(SizeClass.count) else { return .invalidArgument }
  return GrowingStruct.fill(out, firstSize: FirstSizes.classStatistics) { result in
    let usage = heap.heap.usage(ofClass: UInt(index))
    result.setLayout(ofClass: UInt(index))
    result.pages = UInt64(usage.slabs)
    result.empty_pages = UInt64(usage.emptySlabs)
    result.slots_live = UInt64(usage.slots)
  }
}

extension slm_class_statistics {
  /// What all heaps have in common.
  mutating func setLayout(ofClass index: UInt) {
    let slotSize = SizeClass.slotSize(index)
    let bytes = HeapBin.pages(slotSize) << PageRun.pageShift
    slot_size = UInt32(slotSize)
    page_size = UInt64(bytes)
    slots_per_page = UInt64(bytes / slotSize)
  }
}

// MARK: Limits

@_cdecl("slm_heap_set_limits") @implementation
public func slm_heap_set_limits(_ heap: OpaquePointer, _ soft: UInt64, _ hard: UInt64) -> slm_status {
  guard heap.heap.isInitialized else { return .notInitialized }
  guard areLimits(soft: soft, hard: hard) else { return .invalidArgument }
  heap.heap.pointee.limits.set(soft: UInt(clamping: soft), hard: UInt(clamping: hard))
  return .ok
}

@_cdecl("slm_heap_set_soft_limit_handler") @implementation
public func slm_heap_set_soft_limit_handler(
  _ heap: OpaquePointer, _ handler: slm_soft_limit_handler?, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  guard heap.heap.isInitialized else { return .notInitialized }
  heap.heap.setHandler(handler, context)
  return .ok
}

// MARK: Walks

@_cdecl("slm_heap_for_each") @implementation
public func slm_heap_for_each(
  _ heap: OpaquePointer, _ visitor: slm_object_visitor, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  heap.heap.forEachObject { object in
    guard let address = UnsafeMutableRawPointer(bitPattern: object.address) else { return true }
    return visitor(context, address, Int(bitPattern: object.size), Int(bitPattern: object.classIndex))
  }
}

@_cdecl("slm_heap_destroy_with") @implementation
public func slm_heap_destroy_with(
  _ heap: OpaquePointer, _ visitor: slm_object_visitor, _ context: UnsafeMutableRawPointer?,
  _ live: UnsafeMutablePointer<Int>?
) -> slm_status {
  _ = slm_heap_for_each(heap, visitor, context)
  return slm_heap_destroy(heap, live)
}
