/* realloc that fails keeps the object; a free, and another one. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  if (realloc(object, SIZE_MAX / 2) != NULL) return 2;
  free(object);
  free(opaque(object));
  return 0;
}
