/* A double free of a medium object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(MEDIUM);
  expect_double_free(object);
  free(object);
  free(opaque(object));
  return 0;
}
