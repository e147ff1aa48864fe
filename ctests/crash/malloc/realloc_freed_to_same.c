/* realloc of a freed object to the size that it had. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  return realloc(opaque(object), SMALL) == NULL;
}
