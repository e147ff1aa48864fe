/* An address that no pointer can have, as its upper bits differ. */
#include "../support/misuse.h"

int main(void) {
  expect_foreign(opaque_address(0x0800000000001000));
  free(opaque_address(0x0800000000001000));
  return 0;
}
