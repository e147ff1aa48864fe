/* A double free, both times with the right size. */
#include "../support/misuse.h"

int main(void) {
  if (free_sized == NULL) return 2;

  char *object = make_object(SMALL);
  expect_double_free(object);
  free_sized(object, SMALL);
  free_sized(opaque(object), SMALL);
  return 0;
}
