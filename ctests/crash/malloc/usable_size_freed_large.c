/* malloc_usable_size of a large freed object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(LARGE);
  expect_double_free(object);
  free(object);
  return malloc_usable_size(opaque(object)) == 0;
}
