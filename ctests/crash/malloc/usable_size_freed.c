/* malloc_usable_size of a freed object. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_usable_size_of_freed(object);
  free(object);
  return malloc_usable_size(opaque(object)) == 0;
}
