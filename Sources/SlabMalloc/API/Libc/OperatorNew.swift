import CSlabPort

/// C++'s operator new without the detour over libstdc++'s, which calls malloc. What fails goes there all the same: it calls the
/// new_handler, and throws. So the preload library needs nothing of C++.
///
/// Only the two operators that all others of libstdc++ call: those for arrays, sizes and NULL end up here, or in those of a
/// program that replaces these two alone.
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

@c(slm_core_new_slowly)
@inline(never)
@usableFromInline
func newSlowly(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let object = heap.assumingMemoryBound(to: HeapState.self).allocate(size)
  return object == nil ? UInt(bitPattern: slm_port_next_new(Int(bitPattern: size))) : UInt(bitPattern: object)
}
