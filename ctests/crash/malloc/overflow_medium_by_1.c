/* A write of 1 byte behind a medium object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(MEDIUM);
  expect_overflow(object);
  object[malloc_usable_size(object)] ^= 1;
  free(opaque(object));
  return not_found();
}
