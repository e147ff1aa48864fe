/* realloc of a large freed object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(LARGE);
  expect_double_free(object);
  free(object);
  return realloc(opaque(object), LARGE * 3) == NULL;
}
