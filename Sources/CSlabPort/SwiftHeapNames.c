// The functions that Embedded Swift calls for memory: libslabmalloc-swiftheap.a. See slabmalloc/port.h.
#include "CSlabPort.h"

#if !__STDC_HOSTED__

// The values of EINVAL and ENOMEM, which are the same on all systems that have them. Swift only compares the result
// with 0.
enum { invalid = 22, no_memory = 12 };

static int allocate(void **out, size_t alignment, size_t size) {
  return slm_swift_heap_allocate(alignment, size, out) == SLM_OK ? 0 : no_memory;
}

// Both functions are strong and in one object. A kernel with its own free therefore gets a linker error, and not half
// of each pair.
//
// By POSIX an alignment is invalid if it is not a power of two, or not a multiple of a pointer's size. A size or an
// alignment that the heap can't serve is memory that it does not have.
int posix_memalign(void **out, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) {
    *out = NULL;
    return invalid;
  }
  return allocate(out, alignment, size);
}

void free(void *pointer) { slm_swift_heap_free(pointer); }

// The development branch of Swift calls these functions instead (EmbeddedPlatform.h). They are weak, because Swift may
// define them too.
__attribute__((weak)) int _swift_alignedAllocate(void **out, size_t alignment, size_t size) {
  return allocate(out, alignment, size);
}

__attribute__((weak)) void _swift_alignedFree(void *pointer, size_t alignment, size_t size) {
  (void)alignment, (void)size;
  free(pointer);
}
#endif
