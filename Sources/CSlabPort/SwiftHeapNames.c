// The functions that Embedded Swift calls for memory: libslabmalloc-swiftheap.a. See slabmalloc/port.h.
#include "CSlabPort.h"

#if !__STDC_HOSTED__

// The values of EINVAL and ENOMEM. Swift only compares the result with 0.
enum { invalid = 22, no_memory = 12 };

// Both functions are strong and in one object. A kernel with its own free therefore gets a linker error, and not half
// of each pair.
int posix_memalign(void **out, size_t alignment, size_t size) {
  slm_status status = slm_swift_heap_allocate(alignment, size, out);
  if (status == SLM_OK) return 0;
  return status == SLM_ERR_INVALID_LAYOUT ? invalid : no_memory;
}

void free(void *pointer) { slm_swift_heap_free(pointer); }

// The development branch of Swift calls these functions instead (EmbeddedPlatform.h). They are weak, because Swift may
// define them too.
__attribute__((weak)) int _swift_alignedAllocate(void **out, size_t alignment, size_t size) {
  return posix_memalign(out, alignment, size);
}

__attribute__((weak)) void _swift_alignedFree(void *pointer, size_t alignment, size_t size) {
  (void)alignment, (void)size;
  free(pointer);
}
#endif
