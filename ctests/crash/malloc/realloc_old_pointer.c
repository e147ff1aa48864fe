/* A free of the pointer that realloc has moved the object away from. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  if (realloc(object, LARGE) == NULL) return 1;
  free(opaque(object));
  return 0;
}
