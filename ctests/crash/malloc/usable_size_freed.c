/* malloc_usable_size of a freed object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  return malloc_usable_size(opaque(object)) == 0;
}
