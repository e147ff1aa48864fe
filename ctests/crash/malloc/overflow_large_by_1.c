/* A write of 1 byte behind a large object: it has no canary, and its last page ends later. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(LARGE);
  object[malloc_usable_size(object)] ^= 1;
  free(opaque(object));
  return not_found();
}
