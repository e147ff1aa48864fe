/* A double free after free memory went back to the system. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  malloc_trim(0);
  free(opaque(object));
  return 0;
}
