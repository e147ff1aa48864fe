import CSlabPort
import CSlabmalloc

extension OpaquePointer {
  @inline(__always) fileprivate var heap: HeapPointer { HeapPointer(self) }
}

@_cdecl("slm_heap_create") @implementation
public func slm_heap_create() -> OpaquePointer? {
  ProcessHeapPointer.shared.prepare()
  guard let heap = ProcessHeapPointer.shared.takeHeap(isExplicit: true) else {
    slm_port_set_errno(slm_port_no_memory())
    return nil
  }
  return OpaquePointer(heap)
}

@_cdecl("slm_heap_destroy") @implementation
public func slm_heap_destroy(_ heap: OpaquePointer, _ live: UnsafeMutablePointer<Int>?) -> slm_status {
  guard heap.heap.isInitialized, heap.heap.pointee.isExplicit else { return .notInitialized }
  let count = heap.heap.pointee.process.destroy(heap.heap)
  live?.pointee = Int(bitPattern: count)
  return .ok
}

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
  guard isPowerOfTwo(UInt(bitPattern: alignment)) else {
    slm_port_set_errno(slm_port_invalid())
    return nil
  }
  return UnsafeMutableRawPointer(
    bitPattern: heap.heap.allocate(UInt(bitPattern: size), alignment: UInt(bitPattern: alignment)))
}

@_cdecl("slm_heap_free") @implementation
public func slm_heap_free(_ heap: OpaquePointer, _ pointer: UnsafeMutableRawPointer?) -> slm_status {
  heap.heap.deallocateOwn(bits(pointer))
}
