/* A double free of an object that was a mapping of its own, which the system has back. */
#include "../support/misuse.h"

int main(void) {
  char *object = opaque(malloc((size_t)1 << 30));
  expect_double_free(object);
  free(object);
  free(opaque(object));
  return 0;
}
