/* A write of 1 byte behind an object: to the neighbour, or to a canary. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_overflow(object);
  object[malloc_usable_size(object)] ^= 1;
  free(opaque(object));
  return not_found();
}
