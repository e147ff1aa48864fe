import CSlabPort
import CSlabmalloc

// C++'s operators delete. A size of another class, or an alignment that the object can't have got, is reported as
// slm_free_sized() reports it; `operator delete(void *)` is slm_free(). As for operators new, each looks first whether
// a program has operators of its own, which are to be called by this one:
//
//     delete[] (p, size) ──> delete[] (p) ──> delete (p) <── delete (p, size)              and the same with alignments
//
// Each name has a function of its own, see add-names.sh.

/// The code of `slm_free` once more, because a jump there would cost each call.
@_cdecl("slm_override_delete")
public func slm_override_delete(_ object: UnsafeMutableRawPointer?) {
  _ = HeapPointer.thread.deallocate(bits(object), ProcessPointer.shared.heaps)
}

@_cdecl("slm_override_delete_array")
public func slm_override_delete_array(_ object: UnsafeMutableRawPointer?) {
  guard slm_port_has_own_operators() != 0 else { return deleteWarily(object) }
  _ = HeapPointer.thread.deallocate(bits(object), ProcessPointer.shared.heaps)
}

/// The program may have operators of its own.
@c(slm_core_delete_warily)
@inline(never)
@usableFromInline
func deleteWarily(_ object: UnsafeMutableRawPointer?) {
  guard slm_port_owns_operators() != 0 else { return slm_port_first_delete(0, object, 0) }
  slm_free(object)
}

@c(slm_override_delete_nothrow)
@usableFromInline
func deleteNothrow(_ object: UnsafeMutableRawPointer?, _ tag: UnsafeRawPointer?) { deleteWarily(object) }

@c(slm_override_delete_array_nothrow)
@usableFromInline
func deleteArrayNothrow(_ object: UnsafeMutableRawPointer?, _ tag: UnsafeRawPointer?) {
  guard slm_port_owns_operators() != 0 else { return slm_port_first_delete(Int32(SLM_PORT_ARRAY), object, 0) }
  slm_free(object)
}

@_cdecl("slm_override_delete_sized")
public func slm_override_delete_sized(_ object: UnsafeMutableRawPointer?, _ size: Int) {
  guard slm_port_has_own_operators() != 0 else { return deleteSizedWarily(object, size) }
  freeSized(object, size)
}

@_cdecl("slm_override_delete_array_sized")
public func slm_override_delete_array_sized(_ object: UnsafeMutableRawPointer?, _ size: Int) {
  guard slm_port_has_own_operators() != 0 else { return deleteArraySizedWarily(object, size) }
  freeSized(object, size)
}

@c(slm_core_delete_sized_warily)
@inline(never)
@usableFromInline
func deleteSizedWarily(_ object: UnsafeMutableRawPointer?, _ size: Int) {
  guard slm_port_owns_operators() != 0 else { return slm_port_first_delete(0, object, 0) }
  slm_free_sized(object, size)
}

@c(slm_core_delete_array_sized_warily)
@inline(never)
@usableFromInline
func deleteArraySizedWarily(_ object: UnsafeMutableRawPointer?, _ size: Int) {
  guard slm_port_owns_operators() != 0 else { return slm_port_first_delete(Int32(SLM_PORT_ARRAY), object, 0) }
  slm_free_sized(object, size)
}

// MARK: With an alignment

@c(slm_override_delete_aligned)
@usableFromInline
func deleteAligned(_ object: UnsafeMutableRawPointer?, _ alignment: Int) {
  guard let object else { return }
  let process = ProcessPointer.shared
  process.prepare()
  guard
    process.runs.pointee.options.profile == .fast
      || process.heaps.isRight(UInt(bitPattern: object), alignment: UInt(bitPattern: alignment))
  else { return }
  slm_free(object)
}

@c(slm_override_delete_array_aligned)
@usableFromInline
func deleteArrayAligned(_ object: UnsafeMutableRawPointer?, _ alignment: Int) {
  guard slm_port_owns_operators() != 0 else {
    return slm_port_first_delete(Int32(SLM_PORT_ALIGNED), object, alignment)
  }
  deleteAligned(object, alignment)
}

@c(slm_override_delete_aligned_nothrow)
@usableFromInline
func deleteAlignedNothrow(_ object: UnsafeMutableRawPointer?, _ alignment: Int, _ tag: UnsafeRawPointer?) {
  deleteArrayAligned(object, alignment)
}

@c(slm_override_delete_array_aligned_nothrow)
@usableFromInline
func deleteArrayAlignedNothrow(_ object: UnsafeMutableRawPointer?, _ alignment: Int, _ tag: UnsafeRawPointer?) {
  guard slm_port_owns_operators() != 0 else {
    return slm_port_first_delete(Int32(SLM_PORT_ARRAY | SLM_PORT_ALIGNED), object, alignment)
  }
  deleteAligned(object, alignment)
}

@c(slm_override_delete_sized_aligned)
@usableFromInline
func deleteSizedAligned(_ object: UnsafeMutableRawPointer?, _ size: Int, _ alignment: Int) {
  guard slm_port_owns_operators() != 0 else {
    return slm_port_first_delete(Int32(SLM_PORT_ALIGNED), object, alignment)
  }
  slm_free_aligned_sized(object, alignment, size)
}

@c(slm_override_delete_array_sized_aligned)
@usableFromInline
func deleteArraySizedAligned(_ object: UnsafeMutableRawPointer?, _ size: Int, _ alignment: Int) {
  guard slm_port_owns_operators() != 0 else {
    return slm_port_first_delete(Int32(SLM_PORT_ARRAY | SLM_PORT_ALIGNED), object, alignment)
  }
  slm_free_aligned_sized(object, alignment, size)
}
