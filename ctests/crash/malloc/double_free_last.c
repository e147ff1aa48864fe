/* A double free of the only object of its size, whose slab is empty by then. */
#include "../support/misuse.h"

int main(void) {
  char *object = opaque(malloc(1500));
  expect_double_free(object);
  free(object);
  free(opaque(object));
  return 0;
}
