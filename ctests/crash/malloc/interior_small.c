/* A pointer into a small object, 16 bytes behind its start. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_interior(object + 16, object);
  free(opaque(object + 16));
  return 0;
}
