/* A double free of a large object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(LARGE);
  expect_double_free(object);
  free(object);
  free(opaque(object));
  return 0;
}
