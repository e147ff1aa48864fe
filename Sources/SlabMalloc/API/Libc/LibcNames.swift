import CSlabPort
import CSlabmalloc

// The functions of the C library's malloc family that do more than their counterparts in slabmalloc.h. Swift must not
// define a function with such a name. The linker names them, by names.txt, in the preload library and the override
// object only.

@c(slm_override_posix_memalign)
@usableFromInline
func posixMemalign(_ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int) -> Int32 {
  // Not as Int: 2^63 is a power of two, and refused as memory that nobody has.
  guard isPowerOfTwo(UInt(bitPattern: alignment)), UInt(bitPattern: alignment) >= MemoryLayout<UInt>.size else {
    return slm_port_invalid()
  }
  // The result gives the reason, and errno stays.
  let saved = slm_port_errno()
  guard let memory = slm_aligned_alloc(alignment, size) else {
    slm_port_set_errno(saved)
    return slm_port_no_memory()
  }
  out.pointee = memory
  return 0
}

/// Rounds the alignment up to a power of two, like glibc. There is none for an alignment above 2^63.
@c(slm_override_memalign)
@usableFromInline
func memalign(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  var power: UInt = 16
  while power < UInt(bitPattern: alignment), power != 0 { power &*= 2 }
  // 0 is no power of two, and refused as that.
  return slm_aligned_alloc(Int(bitPattern: power), size)
}

@c(slm_override_valloc)
@usableFromInline
func valloc(_ size: Int) -> UnsafeMutableRawPointer? { slm_aligned_alloc(Int(slm_port_page_size()), size) }

/// An old name of free. It is a function of its own, because a symbol gets one name.
@c(slm_override_cfree)
@usableFromInline
func cfree(_ pointer: UnsafeMutableRawPointer?) { slm_free(pointer) }

/// 1 if memory was purged. The padding at the end of the heap has no meaning here.
@c(slm_override_malloc_trim)
@usableFromInline
func mallocTrim(_ pad: Int) -> Int32 { slm_process_purge() > 0 ? 1 : 0 }
