/* A second free in a heap, by a thread that has no part of it and did not allocate the object. */
#include "../support/zone.h"

#include <pthread.h>

static slm_heap *heap;

static void *free_it(void *object) {
  require(slm_heap_deallocate(heap, object) == SLM_OK);
  answer(slm_heap_deallocate(heap, object));
  return NULL;
}

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  size_t live = 0;
  pthread_t thread;
  heap = slm_heap_create(NULL, NULL);
  require(heap != NULL);
  char *object = slm_heap_allocate(heap, 64), *other = slm_heap_allocate(heap, 64);
  require(object != NULL && other != NULL);
  if (pthread_create(&thread, NULL, free_it, object) != 0) return 4;
  require(pthread_join(thread, NULL) == 0);
  return slm_heap_destroy(heap, &live) == SLM_OK && live == 1 ? 0 : 3;
}
