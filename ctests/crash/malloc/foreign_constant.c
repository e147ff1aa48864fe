/* The address of a string constant. */
#include "../support/misuse.h"

int main(void) {
  char *text = opaque((char *)(uintptr_t) "constant");
  expect_foreign(text);
  free(text);
  return 0;
}
