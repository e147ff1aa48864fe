/* An address in the first page. */
#include "../support/misuse.h"

int main(void) {
  expect_foreign(opaque_address(16));
  free(opaque_address(16));
  return 0;
}
