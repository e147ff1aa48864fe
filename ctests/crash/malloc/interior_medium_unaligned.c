/* A pointer into a medium object, at an odd address. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(MEDIUM);
  expect_interior(object + 1, object);
  free(opaque(object + 1));
  return 0;
}
