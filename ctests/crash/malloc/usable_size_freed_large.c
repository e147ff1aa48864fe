/* malloc_usable_size of a large freed object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(LARGE);
  expect_usable_size_of_freed(object);
  free(object);
  return malloc_usable_size(opaque(object)) == 0;
}
