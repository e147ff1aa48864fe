/* The address of a thread-local variable. */
#include "../support/misuse.h"

static _Thread_local _Alignas(64) char local[256];

int main(void) {
  expect_foreign(local);
  free(opaque(local));
  return 0;
}
