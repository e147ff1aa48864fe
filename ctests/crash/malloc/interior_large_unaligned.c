/* A pointer into a large object, at an odd address. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(LARGE);
  expect_interior(object + 1, object);
  free(opaque(object + 1));
  return 0;
}
