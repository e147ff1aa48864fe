/* The address of a local variable, given to realloc. */
#include "../support/misuse.h"

int main(void) {
  _Alignas(64) char local[256] = "local";
  expect_foreign(local);
  return realloc(opaque(local), 500) == NULL;
}
