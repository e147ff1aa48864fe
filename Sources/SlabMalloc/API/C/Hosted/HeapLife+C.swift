import CSlabmalloc

// How a heap begins and ends, in C.

@_cdecl("slm_heap_create") @implementation
public func slm_heap_create(
  _ options: UnsafePointer<slm_options>?, _ why: UnsafeMutablePointer<slm_status>?
) -> OpaquePointer? {
  guard let options = HeapOptions(options) else {
    why?.pointee = .invalidArgument
    return nil
  }
  ProcessPointer.shared.prepare()
  guard let heap = options.make(ProcessPointer.shared.heaps) else {
    why?.pointee = .outOfMemory
    _ = noMemory()
    return nil
  }
  why?.pointee = .ok
  return OpaquePointer(heap)
}

@_cdecl("slm_heap_destroy") @implementation
public func slm_heap_destroy(_ heap: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  guard let count = heap.heap.destroy() else { return .notInitialized }
  live?.pointee = Int(bitPattern: count)
  return .ok
}

/// What a heap takes of the options: limits, and a provider that gives runs. The name is allowed too.
private struct HeapOptions {
  var soft: UInt = 0
  var hard: UInt = 0
  /// nil: the operating system.
  var source: RunSource?

  /// nil if another option is set, or a value is not allowed.
  init?(_ pointer: UnsafePointer<slm_options>?) {
    guard let pointer else { return }
    let options = pointer.pointee
    guard options.struct_size >= UInt32(MemoryLayout<slm_options>.size), options.page_size == 0, options.flags == 0,
      options.threads == SLM_ONE_THREAD, options.cpu_count == 0,
      areLimits(soft: options.soft_limit, hard: options.hard_limit), let provider = PageProvider(options.provider)
    else { return nil }
    soft = UInt(clamping: options.soft_limit)
    hard = UInt(clamping: options.hard_limit)
    if let allocate = provider.allocateRun, let release = provider.releaseRun {
      source = RunSource(context: provider.context, allocate: allocate, release: release)
    } else if provider.allocate != nil || provider.release != nil {
      return nil
    }
  }

  func make(_ heaps: HeapPoolPointer) -> ExplicitHeapPointer? {
    guard let source else { return heaps.makeHeap(soft: soft, hard: hard) }
    return heaps.makeHeap(from: source, soft: soft, hard: hard)
  }
}
