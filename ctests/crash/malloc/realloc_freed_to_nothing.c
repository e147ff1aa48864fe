/* realloc of a freed object to size 0. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  return realloc(opaque(object), 0) == NULL;
}
