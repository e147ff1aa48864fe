/* The value that mmap has for an error. */
#include "../support/misuse.h"

int main(void) {
  expect_foreign(opaque_address(UINTPTR_MAX));
  free(opaque_address(UINTPTR_MAX));
  return 0;
}
