/* The end of a heap, twice. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_NOT_INITIALIZED);
  slm_heap *heap = slm_heap_create(NULL, NULL);
  require(heap != NULL && slm_heap_destroy(heap, NULL) == SLM_OK);
  answer(slm_heap_destroy(heap, NULL));
  return 0;
}
