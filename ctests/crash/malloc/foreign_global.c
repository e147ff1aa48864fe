/* The address of a global variable. */
#include "../support/misuse.h"

static _Alignas(64) char global[256];

int main(void) {
  expect_foreign(global);
  free(opaque(global));
  return 0;
}
