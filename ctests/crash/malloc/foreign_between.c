/* An address of the heap where no object ever was: far above all. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(LARGE);
  char *above = object + ((size_t)8 << 30);
  expect_foreign(above);
  free(opaque(above));
  return 0;
}
