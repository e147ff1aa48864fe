/* A read of an object of size 0, by calloc. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  char *object = opaque(calloc(opaque_size(0), 8));
  if (*(volatile char *)object != 0) return 3;
  return not_found();
}
