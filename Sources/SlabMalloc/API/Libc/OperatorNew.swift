import CSlabPort
import CSlabmalloc

// C++'s operators new, without the detour through libstdc++, whose operators call malloc. A failed allocation goes on
// to libstdc++'s, which calls the new_handler and throws, or returns NULL. The preload library therefore needs no C++
// runtime.
//
// A program may replace any operator. Those that it leaves must call those that it has, as the C++ standard says which:
//
//     new[] (size, nothrow) ──> new[] (size) ──> new (size) <── new (size, nothrow)        and the same with alignments
//
// Each operator but the two at the end therefore looks first whether all are this library's.

@_cdecl("slm_override_new")
public func slm_override_new(_ size: Int) -> UnsafeMutableRawPointer? { newObject(size) }

@_cdecl("slm_override_new_array")
public func slm_override_new_array(_ size: Int) -> UnsafeMutableRawPointer? {
  guard slm_port_has_own_operators() != 0 else { return UnsafeMutableRawPointer(bitPattern: newArrayWarily(size)) }
  return newObject(size)
}

@inline(__always) private func newObject(_ size: Int) -> UnsafeMutableRawPointer? {
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
  return UInt(bitPattern: object ?? slm_port_next_new(0, Int(bitPattern: size), 0, nil))
}

/// The program may have operators of its own.
@c(slm_core_new_array_warily)
@inline(never)
@usableFromInline
func newArrayWarily(_ size: Int) -> UInt {
  UInt(bitPattern: slm_port_owns_operators() != 0 ? slm_override_new(size) : slm_port_first_new(0, size, 0))
}

@c(slm_override_new_nothrow)
@usableFromInline
func newNothrow(_ size: Int, _ tag: UnsafeRawPointer?) -> UnsafeMutableRawPointer? {
  newQuietly(Int32(SLM_PORT_NOTHROW), size, tag)
}

@c(slm_override_new_array_nothrow)
@usableFromInline
func newArrayNothrow(_ size: Int, _ tag: UnsafeRawPointer?) -> UnsafeMutableRawPointer? {
  newQuietly(Int32(SLM_PORT_ARRAY | SLM_PORT_NOTHROW), size, tag)
}

private func newQuietly(_ form: Int32, _ size: Int, _ tag: UnsafeRawPointer?) -> UnsafeMutableRawPointer? {
  let object = slm_port_owns_operators() != 0 ? HeapPointer.thread.allocate(UInt(bitPattern: size)) : nil
  return object ?? slm_port_next_new(form, size, 0, tag)
}

// MARK: With an alignment

@c(slm_override_new_aligned)
@usableFromInline
func newAligned(_ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
  slm_aligned_alloc(alignment, size) ?? slm_port_next_new(Int32(SLM_PORT_ALIGNED), size, alignment, nil)
}

@c(slm_override_new_array_aligned)
@usableFromInline
func newArrayAligned(_ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
  slm_port_owns_operators() != 0
    ? newAligned(size, alignment) : slm_port_first_new(Int32(SLM_PORT_ALIGNED), size, alignment)
}

@c(slm_override_new_aligned_nothrow)
@usableFromInline
func newAlignedNothrow(_ size: Int, _ alignment: Int, _ tag: UnsafeRawPointer?) -> UnsafeMutableRawPointer? {
  newQuietly(Int32(SLM_PORT_ALIGNED | SLM_PORT_NOTHROW), size, alignment, tag)
}

@c(slm_override_new_array_aligned_nothrow)
@usableFromInline
func newArrayAlignedNothrow(_ size: Int, _ alignment: Int, _ tag: UnsafeRawPointer?) -> UnsafeMutableRawPointer? {
  newQuietly(Int32(SLM_PORT_ARRAY | SLM_PORT_ALIGNED | SLM_PORT_NOTHROW), size, alignment, tag)
}

private func newQuietly(
  _ form: Int32, _ size: Int, _ alignment: Int, _ tag: UnsafeRawPointer?
) -> UnsafeMutableRawPointer? {
  let object = slm_port_owns_operators() != 0 ? slm_aligned_alloc(alignment, size) : nil
  return object ?? slm_port_next_new(form, size, alignment, tag)
}
