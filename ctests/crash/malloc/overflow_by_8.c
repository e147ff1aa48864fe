/* A write of 8 bytes behind an object: of the neighbour's memory, or a canary; none of the allocator's. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_overflow(object);
  memset(object + malloc_usable_size(object), 'x', 8);
  free(opaque(object));
  return not_found();
}
