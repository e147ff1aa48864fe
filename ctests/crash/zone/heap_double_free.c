/* A double free in a heap of the program's own. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_heap *heap = slm_heap_create(NULL, NULL);
  require(heap != NULL);
  char *object = slm_heap_allocate(heap, 64), *other = slm_heap_allocate(heap, 64);
  require(object != NULL && other != NULL && slm_heap_deallocate(heap, object) == SLM_OK);
  answer(slm_heap_deallocate(heap, object));
  size_t live = 0;
  return slm_heap_destroy(heap, &live) == SLM_OK && live == 1 ? 0 : 3;
}
