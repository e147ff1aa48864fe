/* A free of a pointer that realloc to size 0 has freed. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  if (realloc(object, 0) != NULL) return 1;
  free(opaque(object));
  return 0;
}
