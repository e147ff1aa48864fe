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

/// Rounds the alignment up to a power of two, like glibc.
@c(slm_override_memalign)
@usableFromInline
func memalign(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  var power: UInt = 16
  while power < UInt(bitPattern: alignment), power <= UInt(Int.max) / 2 { power *= 2 }
  return slm_aligned_alloc(Int(power), size)
}

@c(slm_override_valloc)
@usableFromInline
func valloc(_ size: Int) -> UnsafeMutableRawPointer? { slm_aligned_alloc(Int(slm_port_page_size()), size) }

@c(slm_override_pvalloc)
@usableFromInline
func pvalloc(_ size: Int) -> UnsafeMutableRawPointer? {
  let page = UInt(slm_port_page_size())
  let (sum, overflows) = UInt(bitPattern: size).addingReportingOverflow(page - 1)
  if overflows { return UnsafeMutableRawPointer(bitPattern: noMemory()) }
  return slm_aligned_alloc(Int(page), Int(bitPattern: max(sum & ~(page - 1), page)))
}

@c(slm_override_reallocarray)
@usableFromInline
func reallocarray(_ pointer: UnsafeMutableRawPointer?, _ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  let (bytes, overflows) = UInt(bitPattern: count).multipliedReportingOverflow(by: UInt(bitPattern: size))
  if overflows { return UnsafeMutableRawPointer(bitPattern: noMemory()) }
  return slm_realloc(pointer, Int(bitPattern: bytes))
}

/// 1 if memory was purged. The padding at the end of the heap has no meaning here.
@c(slm_override_malloc_trim)
@usableFromInline
func mallocTrim(_ pad: Int) -> Int32 { slm_process_purge() > 0 ? 1 : 0 }

@c(slm_override_mallinfo2)
@usableFromInline
func mallinfo2() -> slm_port_mallinfo2 {
  ProcessPointer.shared.prepare()
  let (_, counts, pages, _) = ProcessPointer.shared.snapshot()
  return slm_port_mallinfo2(
    arena: Int(pages.held - counts.large), ordblks: 0, smblks: 0, hblks: Int(counts.largeLive),
    hblkhd: Int(counts.large),
    usmblks: 0, fsmblks: 0, uordblks: Int(counts.slabs + counts.large), fordblks: Int(pages.dirty + pages.clean),
    keepcost: Int(pages.dirty))
}

/// The counts of mallinfo2 in 32 bits. They wrap, like glibc's.
@c(slm_override_mallinfo)
@usableFromInline
func mallinfo() -> slm_port_mallinfo {
  let wide = mallinfo2()
  func int(_ number: Int) -> Int32 { Int32(truncatingIfNeeded: number) }
  return slm_port_mallinfo(
    arena: int(wide.arena), ordblks: 0, smblks: 0, hblks: int(wide.hblks), hblkhd: int(wide.hblkhd), usmblks: 0,
    fsmblks: 0,
    uordblks: int(wide.uordblks), fordblks: int(wide.fordblks), keepcost: int(wide.keepcost))
}
