/* A write of 1 byte behind an object of a heap of slm_heap_create(): found when it is freed, if the process is
 * hardened. */
#include "../support/zone.h"

int main(void) {
  if (is_hardened()) EXPECT(SLM_ERR_OVERFLOW);
  else EXPECT(SLM_OK);
  slm_heap *heap = slm_heap_create(NULL, NULL);
  require(heap != NULL);
  unsigned char *object = slm_heap_allocate(heap, 64), *end = object + slm_usable_size(object);
  require(object != NULL && slm_heap_allocate(heap, 64) != NULL);
  *end ^= 1;
  answer(slm_heap_deallocate(heap, opaque(object)));
  *end ^= 1;
  size_t live = 0;
  require(slm_heap_deallocate(heap, object) == (is_hardened() ? SLM_OK : SLM_ERR_DOUBLE_FREE));
  return slm_heap_destroy(heap, &live) == SLM_OK && live == 1 ? 0 : 3;
}
