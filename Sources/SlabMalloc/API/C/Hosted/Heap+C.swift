import CSlabPort
import CSlabmalloc

// The heaps of a program, in C. An `slm_heap` is a `HeapState`.

extension OpaquePointer {
  @inline(__always) fileprivate var heap: HeapPointer { HeapPointer(self) }
}

/// Stores the reason for a result if the caller asks for it.
private func explain(_ why: UnsafeMutablePointer<slm_status>?, _ status: Status) { why?.pointee = status }

/// Whether a heap can have these options: only the name may be set.
private func areForHeap(_ options: UnsafePointer<slm_options>) -> Bool {
  let options = options.pointee
  return options.struct_size >= UInt32(MemoryLayout<slm_options>.size) && options.page_size == 0 && options.flags == 0
    && options.threads == SLM_ONE_THREAD && options.cpu_count == 0 && options.soft_limit == 0 && options.hard_limit == 0
    && options.provider.struct_size == 0 && options.provider.allocate_page == nil
    && options.provider.release_page == nil
}

@_cdecl("slm_heap_create") @implementation
public func slm_heap_create(
  _ options: UnsafePointer<slm_options>?, _ why: UnsafeMutablePointer<slm_status>?
) -> OpaquePointer? {
  if let options, !areForHeap(options) {
    explain(why, .invalidArgument)
    return nil
  }
  ProcessPointer.shared.prepare()
  guard let heap = ProcessPointer.shared.heaps.takeHeap(isExplicit: true) else {
    explain(why, .outOfMemory)
    _ = noMemory()
    return nil
  }
  explain(why, .ok)
  return OpaquePointer(heap)
}

@_cdecl("slm_heap_destroy") @implementation
public func slm_heap_destroy(_ heap: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  guard heap.heap.isExplicitHeap else { return .notInitialized }
  let count = heap.heap.pool.destroy(heap.heap)
  live?.pointee = Int(bitPattern: count)
  return .ok
}

// MARK: Allocation

@_cdecl("slm_heap_allocate") @implementation
public func slm_heap_allocate(_ heap: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  heap.heap.allocate(UInt(bitPattern: size))
}

@_cdecl("slm_heap_allocate_zeroed") @implementation
public func slm_heap_allocate_zeroed(_ heap: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  UnsafeMutableRawPointer(bitPattern: heap.heap.allocateZeroed(UInt(bitPattern: size)))
}

@_cdecl("slm_heap_allocate_aligned") @implementation
public func slm_heap_allocate_aligned(
  _ heap: OpaquePointer, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  guard isPowerOfTwo(UInt(bitPattern: alignment)) else { return invalidAlignment() }
  return UnsafeMutableRawPointer(
    bitPattern: heap.heap.allocate(UInt(bitPattern: size), alignment: UInt(bitPattern: alignment)))
}

@_cdecl("slm_heap_allocate_with") @implementation
public func slm_heap_allocate_with(
  _ heap: OpaquePointer, _ alignment: Int, _ size: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  out.pointee = nil
  guard heap.heap.isExplicitHeap else { return .notInitialized }
  guard flags & ~SLM_ZEROED == 0 else { return .invalidArgument }
  guard isPowerOfTwo(UInt(bitPattern: alignment)), size >= 0 else { return .invalidLayout }
  // The status gives the reason, and errno stays.
  let saved = slm_port_errno()
  let (bytes, alignment) = (UInt(bitPattern: size), UInt(bitPattern: alignment))
  let address =
    flags == 0
    ? heap.heap.allocate(bytes, alignment: alignment) : heap.heap.allocateZeroed(bytes, alignment: alignment)
  slm_port_set_errno(saved)
  out.pointee = UnsafeMutableRawPointer(bitPattern: address)
  return address == 0 ? .outOfMemory : .ok
}

@_cdecl("slm_heap_allocate_batch") @implementation
public func slm_heap_allocate_batch(
  _ heap: OpaquePointer, _ size: Int, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int {
  var done = 0
  while done < count, let object = heap.heap.allocate(UInt(bitPattern: size)) {
    out[done] = object
    done += 1
  }
  return done
}

// MARK: Deallocation

@_cdecl("slm_heap_deallocate") @implementation
public func slm_heap_deallocate(_ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  heap.heap.deallocateOwn(bits(pointer))
}

@_cdecl("slm_heap_deallocate_sized") @implementation
public func slm_heap_deallocate_sized(
  _ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> slm_status {
  heap.heap.deallocateOwn(bits(pointer), size: UInt(bitPattern: size), alignment: 1)
}

@_cdecl("slm_heap_deallocate_aligned_sized") @implementation
public func slm_heap_deallocate_aligned_sized(
  _ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> slm_status {
  heap.heap.deallocateOwn(bits(pointer), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
}

@_cdecl("slm_heap_deallocate_batch") @implementation
public func slm_heap_deallocate_batch(
  _ heap: OpaquePointer, _ pointers: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int,
  _ done: UnsafeMutablePointer<Int>?
) -> slm_status {
  var first = Status.ok
  var freed = 0
  for index in 0..<max(count, 0) {
    guard let pointer = pointers[index] else { continue }
    let status = heap.heap.deallocateOwn(UInt(bitPattern: pointer))
    if status == .ok {
      freed += 1
    } else if first == .ok {
      first = status
    }
  }
  done?.pointee = freed
  return first
}

// MARK: Other sizes

@_cdecl("slm_heap_reallocate") @implementation
public func slm_heap_reallocate(
  _ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer? {
  UnsafeMutableRawPointer(bitPattern: heap.heap.reallocateOwn(bits(pointer), UInt(bitPattern: size), alignment: 1))
}

@_cdecl("slm_heap_reallocate_aligned") @implementation
public func slm_heap_reallocate_aligned(
  _ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  guard isPowerOfTwo(UInt(bitPattern: alignment)) else { return invalidAlignment() }
  return UnsafeMutableRawPointer(
    bitPattern: heap.heap.reallocateOwn(bits(pointer), UInt(bitPattern: size), alignment: UInt(bitPattern: alignment)))
}

@_cdecl("slm_heap_resize") @implementation
public func slm_heap_resize(_ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer, _ size: Int) -> slm_status {
  let address = bits(pointer)
  return address == 0 ? .invalidArgument : heap.heap.resizeOwn(address, UInt(bitPattern: size))
}

// MARK: The contents of a heap

@_cdecl("slm_heap_usable_size") @implementation
public func slm_heap_usable_size(_ heap: OpaquePointer, _ pointer: UnsafeRawPointer?) -> Int {
  Int(bitPattern: heap.heap.usableSizeOwn(UInt(bitPattern: pointer)))
}

@_cdecl("slm_heap_good_size") @implementation
public func slm_heap_good_size(_ heap: OpaquePointer, _ size: Int) -> Int {
  heap.heap.isExplicitHeap ? Int(bitPattern: heap.heap.pool.goodSize(UInt(bitPattern: size))) : 0
}

@_cdecl("slm_heap_owns") @implementation
public func slm_heap_owns(_ heap: OpaquePointer, _ address: UnsafeRawPointer?) -> Bool {
  heap.heap.isExplicitHeap && heap.heap.owns(UInt(bitPattern: address))
}

@_cdecl("slm_heap_statistics") @implementation
public func slm_heap_statistics(_ heap: OpaquePointer, _ out: UnsafeMutablePointer<slm_heap_usage>?) -> slm_status {
  guard heap.heap.isExplicitHeap else { return .notInitialized }
  return GrowingStruct.fill(out, firstSize: FirstSizes.heapUsage) { result in
    let usage = heap.heap.usage()
    result.objects_live = UInt64(usage.objects)
    result.bytes_live = UInt64(usage.bytes)
    result.bytes_slabs = UInt64(usage.slabBytes)
    result.bytes_large = UInt64(usage.largeBytes)
    result.large_live = UInt64(usage.largeObjects)
  }
}

@inline(never) private func invalidAlignment() -> UnsafeMutableRawPointer? {
  slm_port_set_errno(slm_port_invalid())
  return nil
}
