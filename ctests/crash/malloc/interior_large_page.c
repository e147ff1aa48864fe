/* A pointer to a page inside a large object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(LARGE);
  expect_interior(object + 65536, object);
  free(opaque(object + 65536));
  return 0;
}
