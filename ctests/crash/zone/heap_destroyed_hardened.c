/* Objects that a destroyed heap still had in use, in a hardened process: who gets their memory is not told of a write
 * after free. */
#include "../support/zone.h"

static size_t reports;

static void count(void *context, const slm_misuse *misuse) {
  (void)context, (void)misuse;
  reports++;
}

int main(void) {
  expect_text("0 reports");
  slm_process_set_misuse_handler((slm_misuse_handler){count, NULL});
  for (size_t size = 16; size <= 130000; size *= 3) {
    for (int round = 0; round < 3; round++) {
      slm_heap *heap = slm_heap_create(NULL, NULL);
      require(heap != NULL);
      for (int i = 0; i < 60; i++) {
        char *object = slm_heap_allocate(heap, size);
        require(object != NULL);
        memset(object, 'x', size);
      }
      size_t live = 0;
      require(slm_heap_destroy(heap, &live) == SLM_OK);
      if (reports == 0) require(live == 60);
    }
  }
  fprintf(stderr, "%zu reports\n", reports);
  return 0;
}
