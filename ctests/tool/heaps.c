/* Heaps of slm_heap_create(): one that a global variable has, and one that nothing points to. Each has small objects
 * and a large one to which nothing points. Then it waits until standard input ends. */
#include "leaks/leaks.h"
#include <slabmalloc.h>

enum { OBJECTS = 10 };
static SEEN slm_heap *kept;

static APART void fill(slm_heap *heap, size_t size) {
  for (int i = 0; i < OBJECTS; i++) {
    void *object = slm_heap_allocate(heap, size);
    if (object == NULL) abort();
    memset(object, 0, size);
  }
  if (slm_heap_allocate_zeroed(heap, size * 1000) == NULL) abort();
}

static APART void run(void) {
  kept = slm_heap_create(NULL, NULL);
  fill(kept, KEPT);
  fill(slm_heap_create(NULL, NULL), LOST);
  /* What only an object of the first heap points to is kept with it. */
  void **holder = slm_heap_allocate(kept, KEPT);
  *holder = slm_malloc(KEPT);
}

int main(void) {
  run();
  return ready(OBJECTS + 1);
}
