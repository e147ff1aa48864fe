/* A write of 1 byte behind an object whose thread has ended. */
#include "../support/misuse.h"

static void *make(void *size) { return make_object(*(size_t *)size); }

int main(void) {
  size_t size = SMALL;
  char *object = in_thread(make, &size);
  expect_overflow(object);
  object[malloc_usable_size(object)] ^= 1;
  free(opaque(object));
  return not_found();
}
