// What Embedded Swift calls for memory: libslabmalloc-swiftheap.a. See slabmalloc/port.h.
#include "CSlabPort.h"

#if !__STDC_HOSTED__

// The values of EINVAL and ENOMEM; Swift looks only whether it is 0.
enum { invalid = 22, no_memory = 12 };

// Both strong and in one object: a kernel with a free of its own gets an error of the linker, and not half of each.
int posix_memalign(void **out, size_t alignment, size_t size) {
  slm_status status = slm_swift_heap_allocate(alignment, size, out);
  if (status == SLM_OK) return 0;
  return status == SLM_ERR_INVALID_LAYOUT ? invalid : no_memory;
}

void free(void *pointer) { slm_swift_heap_free(pointer); }

// What the development branch of Swift calls in their place (EmbeddedPlatform.h). Weak, as Swift may define them too.
__attribute__((weak)) int _swift_alignedAllocate(void **out, size_t alignment, size_t size) {
  return posix_memalign(out, alignment, size);
}

__attribute__((weak)) void _swift_alignedFree(void *pointer, size_t alignment, size_t size) {
  (void)alignment, (void)size;
  free(pointer);
}
#endif
