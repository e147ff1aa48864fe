/* The address of a local variable, given to malloc_usable_size. */
#include "../support/misuse.h"

int main(void) {
  _Alignas(64) char local[256] = "local";
  expect_usable_size_of_foreign(local);
  return malloc_usable_size(opaque(local)) == 0;
}
