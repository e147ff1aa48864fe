/* A pointer to the last byte of an object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(100), *last = object + malloc_usable_size(object) - 1;
  expect_interior(last, object);
  free(opaque(last));
  return 0;
}
