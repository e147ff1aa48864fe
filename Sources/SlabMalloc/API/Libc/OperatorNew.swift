import CSlabPort

/// C++'s operator new without the detour through libstdc++, whose operator new calls malloc. A failed allocation goes
/// on to libstdc++'s, which calls the new_handler and throws. The preload library therefore needs no C++ runtime.
///
/// Only two operators are defined, because all others of libstdc++ call them. The operators for arrays and sizes end up
/// here, or in those of a program that replaces these two alone.
@_cdecl("slm_override_new")
public func slm_override_new(_ size: Int) -> UnsafeMutableRawPointer? {
  let heap = HeapPointer.thread
  let size = UInt(bitPattern: size)
  guard size < heap.pointee.directLimit else { return UnsafeMutableRawPointer(bitPattern: newSlowly(size, heap.raw)) }
  let bin = heap.directBin(size)
  let newest = bin.newest
  guard newest.isSlot else { return UnsafeMutableRawPointer(bitPattern: newSlowly(size, heap.raw)) }
  return bin.take(newest)
}

/// The slow path of operator new. The size comes first, as in `heapAllocateOtherSize`, because both arguments are in
/// their registers already.
/// - Parameter heap: the `HeapState` of the calling thread, or its stand-in.
@c(slm_core_new_slowly)
@inline(never)
@usableFromInline
func newSlowly(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let object = heap.assumingMemoryBound(to: HeapState.self).allocate(size)
  return object == nil ? UInt(bitPattern: slm_port_next_new(Int(bitPattern: size))) : UInt(bitPattern: object)
}
