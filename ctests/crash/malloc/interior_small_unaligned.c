/* A pointer into a small object, at an odd address. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_interior(object + 1, object);
  free(opaque(object + 1));
  return 0;
}
