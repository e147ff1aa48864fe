/* An object of another heap, given to slm_heap_deallocate(). */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_heap *heap = slm_heap_create(NULL, NULL), *other = slm_heap_create(NULL, NULL);
  require(heap != NULL && other != NULL);
  char *object = slm_heap_allocate(other, 64);
  require(object != NULL);
  answer(slm_heap_deallocate(heap, object));
  require(slm_heap_deallocate(other, object) == SLM_OK);
  return slm_heap_destroy(heap, NULL) == SLM_OK && slm_heap_destroy(other, NULL) == SLM_OK ? 0 : 3;
}
