// The functions of the malloc family that call another one by its name, as they do in glibc.
//
// Valgrind and other tools replace functions by their addresses: malloc, free, realloc and some others, not these. An
// object of such a function must be one of the tool's too, because the tool's free gets it.
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
void *slm_realloc(void *pointer, size_t size);
void *slm_aligned_alloc(size_t alignment, size_t size);
void *slm_override_reallocarray(void *pointer, size_t count, size_t size);
void *slm_override_pvalloc(size_t size);

void *slm_override_reallocarray(void *pointer, size_t count, size_t size) {
  size_t bytes;
  if (!__builtin_mul_overflow(count, size, &bytes)) return slm_realloc(pointer, bytes);
  errno = ENOMEM;
  return NULL;
}

void *slm_override_pvalloc(size_t size) {
  size_t page = slm_port_page_size();
  if (size <= SIZE_MAX - page) return slm_aligned_alloc(page, size == 0 ? page : (size + page - 1) / page * page);
  errno = ENOMEM;
  return NULL;
}
#endif
