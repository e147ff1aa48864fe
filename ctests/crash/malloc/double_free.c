/* A double free. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  free(opaque(object));
  return 0;
}
