/* The address of a local variable, given to free_sized. */
#include "../support/misuse.h"

int main(void) {
  if (free_sized == NULL) return 2;
  _Alignas(64) char local[256] = "local";
  expect_foreign(local);
  free_sized(opaque(local), sizeof local);
  return 0;
}
