/* The address of a function. */
#include "../support/misuse.h"

int main(void) {
  void *function = opaque((void *)(uintptr_t)&puts);
  expect_foreign(function);
  free(function);
  return 0;
}
