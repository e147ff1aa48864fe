/* realloc of a freed object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  return realloc(opaque(object), SMALL * 3) == NULL;
}
