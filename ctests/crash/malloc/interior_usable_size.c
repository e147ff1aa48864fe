/* A pointer into an object, given to malloc_usable_size. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_usable_size_of_interior(object + 32, object);
  return malloc_usable_size(opaque(object + 32)) == 0;
}
