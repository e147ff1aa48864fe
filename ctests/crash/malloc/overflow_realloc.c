/* A write of 1 byte behind an object that realloc then moves. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_overflow(object);
  object[malloc_usable_size(object)] ^= 1;
  if (realloc(opaque(object), MEDIUM) == NULL) return 2;
  return not_found();
}
