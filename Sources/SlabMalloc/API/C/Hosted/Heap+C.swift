import CSlabPort
import CSlabmalloc

// The heaps of a program, in C. An `slm_heap` is an `ExplicitHeap`.

extension OpaquePointer {
  @inline(__always) var heap: ExplicitHeapPointer { ExplicitHeapPointer(self) }
}

// MARK: Allocation

@_cdecl("slm_heap_allocate") @implementation
public func slm_heap_allocate(_ heap: OpaquePointer, _ size: Int) -> UnsafeMutableRawPointer? {
  guard let part = heap.heap.part else {
    return UnsafeMutableRawPointer(bitPattern: explicitHeapAllocate(heap.heap.raw, UInt(bitPattern: size)))
  }
  return part.allocate(UInt(bitPattern: size))
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
  guard heap.heap.isInitialized else { return .notInitialized }
  guard flags & ~SLM_ZEROED == 0 else { return .invalidArgument }
  guard isPowerOfTwo(UInt(bitPattern: alignment)), size >= 0 else { return .invalidLayout }
  // The status gives the reason, and errno stays.
  let saved = slm_port_errno()
  heap.heap.part?.pointee.isAtLimit = false
  let (bytes, alignment) = (UInt(bitPattern: size), UInt(bitPattern: alignment))
  let address =
    flags == 0
    ? heap.heap.allocate(bytes, alignment: alignment) : heap.heap.allocateZeroed(bytes, alignment: alignment)
  slm_port_set_errno(saved)
  out.pointee = UnsafeMutableRawPointer(bitPattern: address)
  if address != 0 { return .ok }
  return heap.heap.part?.pointee.isAtLimit ?? false ? .limit : .outOfMemory
}

@_cdecl("slm_heap_allocate_batch") @implementation
public func slm_heap_allocate_batch(
  _ heap: OpaquePointer, _ size: Int, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int {
  var done = 0
  while done < count, let object = slm_heap_allocate(heap, size) {
    out[done] = object
    done += 1
  }
  return done
}

// MARK: Deallocation

@_cdecl("slm_heap_deallocate") @implementation
public func slm_heap_deallocate(_ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  heap.heap.deallocate(bits(pointer))
}

@_cdecl("slm_heap_deallocate_sized") @implementation
public func slm_heap_deallocate_sized(
  _ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ size: Int
) -> slm_status {
  heap.heap.deallocate(bits(pointer), size: UInt(bitPattern: size), alignment: 1)
}

@_cdecl("slm_heap_deallocate_aligned_sized") @implementation
public func slm_heap_deallocate_aligned_sized(
  _ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> slm_status {
  heap.heap.deallocate(bits(pointer), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
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
    let status = heap.heap.deallocate(UInt(bitPattern: pointer))
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
  UnsafeMutableRawPointer(bitPattern: heap.heap.reallocate(bits(pointer), UInt(bitPattern: size), alignment: 1))
}

@_cdecl("slm_heap_reallocate_aligned") @implementation
public func slm_heap_reallocate_aligned(
  _ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int
) -> UnsafeMutableRawPointer? {
  guard isPowerOfTwo(UInt(bitPattern: alignment)) else { return invalidAlignment() }
  return UnsafeMutableRawPointer(
    bitPattern: heap.heap.reallocate(bits(pointer), UInt(bitPattern: size), alignment: UInt(bitPattern: alignment)))
}

@_cdecl("slm_heap_resize") @implementation
public func slm_heap_resize(_ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer, _ size: Int) -> slm_status {
  let address = bits(pointer)
  return address == 0 ? .invalidArgument : heap.heap.resize(address, UInt(bitPattern: size))
}

// MARK: The contents of a heap

@_cdecl("slm_heap_usable_size") @implementation
public func slm_heap_usable_size(_ heap: OpaquePointer, _ pointer: UnsafeRawPointer?) -> Int {
  Int(bitPattern: heap.heap.usableSize(UInt(bitPattern: pointer)))
}

@_cdecl("slm_heap_good_size") @implementation
public func slm_heap_good_size(_ heap: OpaquePointer, _ size: Int) -> Int {
  heap.heap.isInitialized ? Int(bitPattern: heap.heap.pool.goodSize(UInt(bitPattern: size))) : 0
}

@inline(never) private func invalidAlignment() -> UnsafeMutableRawPointer? {
  slm_port_set_errno(slm_port_invalid())
  return nil
}
