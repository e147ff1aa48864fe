/* The address of an object, with a bit set above those of an address. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  char *tagged = opaque_address((uintptr_t)object | (uintptr_t)1 << 57);
  expect_foreign(tagged);
  free(tagged);
  return 0;
}
