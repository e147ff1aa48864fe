/* A double free of an object with an alignment. */
#include "../support/misuse.h"

int main(void) {
  char *object = opaque(aligned_alloc(4096, 100));
  expect_double_free(object);
  free(object);
  free(opaque(object));
  return 0;
}
