/* An address in the upper half, which is the kernel's. */
#include "../support/misuse.h"

int main(void) {
  expect_foreign(opaque_address(0xFFFF888000001000));
  free(opaque_address(0xFFFF888000001000));
  return 0;
}
