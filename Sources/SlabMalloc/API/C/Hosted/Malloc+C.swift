import CSlabPort
import CSlabmalloc

// malloc under another name. The hot functions are jumps to their Swift bodies; see Zone+C.swift.

@_cdecl("slm_malloc") @implementation
public func slm_malloc(_ size: Int) -> UnsafeMutableRawPointer? {
  HeapPointer.thread.allocate(UInt(bitPattern: size))
}

@_cdecl("slm_free") @implementation
public func slm_free(_ pointer: UnsafeMutableRawPointer?) {
  _ = HeapPointer.thread.deallocate(bits(pointer), ProcessPointer.shared.heaps)
}

@_cdecl("slm_calloc") @implementation
public func slm_calloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  let (bytes, overflows) = UInt(bitPattern: count).multipliedReportingOverflow(by: UInt(bitPattern: size))
  return UnsafeMutableRawPointer(bitPattern: overflows ? noMemory() : HeapPointer.thread.allocateZeroed(bytes))
}

@_cdecl("slm_realloc") @implementation
public func slm_realloc(_ pointer: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  guard let pointer else { return slm_malloc(size) }
  if size == 0 {
    slm_free(pointer)
    return nil
  }
  return UnsafeMutableRawPointer(
    bitPattern: HeapPointer.thread.reallocate(UInt(bitPattern: pointer), UInt(bitPattern: size)))
}

@_cdecl("slm_free_sized") @implementation
public func slm_free_sized(_ pointer: UnsafeMutableRawPointer?, _ size: Int) { freeSized(pointer, size) }

/// The code of `slm_free_sized` for those who would only jump there.
@inline(__always) func freeSized(_ pointer: UnsafeMutableRawPointer?, _ size: Int) {
  let heaps = ProcessPointer.shared.heaps
  _ = HeapPointer.thread.deallocate(bits(pointer), size: UInt(bitPattern: size), heaps) {
    freeSizedElsewhere($0, $1, $2)
  }
}

/// No object of this heap: slm_free reports it, or is another's. Valgrind replaces free, and may not know free_sized.
/// - Parameter heap: the `HeapState` of the calling thread, or its stand-in.
@c(slm_core_free_sized_elsewhere)
@inline(never)
@usableFromInline
func freeSizedElsewhere(_ address: UInt, _ size: UInt, _ heap: UnsafeMutableRawPointer) -> Status {
  let process = ProcessPointer.shared
  process.prepare()
  guard address == 0 || process.runs.run(around: address) != nil else {
    slm_free(UnsafeMutableRawPointer(bitPattern: address))
    return .ok
  }
  return heapDeallocateSized(address, size, heap)
}

@_cdecl("slm_free_aligned_sized") @implementation
public func slm_free_aligned_sized(_ pointer: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int) {
  guard let pointer else { return }
  let process = ProcessPointer.shared
  process.prepare()
  if process.runs.pointee.options.profile == .fast { return slm_free(pointer) }
  // No object of this heap: slm_free reports it, or is another's. Valgrind replaces free, and may not know free_sized.
  guard process.runs.run(around: UInt(bitPattern: pointer)) != nil else { return slm_free(pointer) }
  guard
    process.heaps.isRight(
      UInt(bitPattern: pointer), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
  else { return }
  slm_free(pointer)
}

@_cdecl("slm_aligned_alloc") @implementation
public func slm_aligned_alloc(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  guard isPowerOfTwo(UInt(bitPattern: alignment)) else {
    slm_port_set_errno(slm_port_invalid())
    return nil
  }
  return UnsafeMutableRawPointer(
    bitPattern: HeapPointer.thread.allocate(UInt(bitPattern: size), alignment: UInt(bitPattern: alignment)))
}

@_cdecl("slm_usable_size") @implementation
public func slm_usable_size(_ pointer: UnsafeRawPointer?) -> Int {
  guard let pointer else { return 0 }
  ProcessPointer.shared.prepare()
  return Int(bitPattern: ProcessPointer.shared.heaps.usableSize(UInt(bitPattern: pointer)))
}

@_cdecl("slm_good_size") @implementation
public func slm_good_size(_ size: Int) -> Int {
  ProcessPointer.shared.prepare()
  return Int(bitPattern: ProcessPointer.shared.heaps.goodSize(UInt(bitPattern: size)))
}
