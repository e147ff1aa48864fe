/* A double free of an object whose thread has ended. */
#include "../support/misuse.h"

static void *make(void *size) { return make_object(*(size_t *)size); }

int main(void) {
  size_t size = SMALL;
  char *object = in_thread(make, &size);
  expect_double_free(object);
  free(object);
  free(opaque(object));
  return 0;
}
