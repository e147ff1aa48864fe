/* A pointer into a medium object, 16 bytes behind its start. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(MEDIUM);
  expect_interior(object + 16, object);
  free(opaque(object + 16));
  return 0;
}
