/* The address of a local variable. */
#include "../support/misuse.h"

int main(void) {
  _Alignas(64) char local[256] = "local";
  expect_foreign(local);
  free(opaque(local));
  return 0;
}
