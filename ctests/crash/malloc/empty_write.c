/* A write to an object of size 0: in a hardened heap it has no bytes, and the slot that it has elsewhere is its own. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  *(volatile char *)make_object(0) = 'x';
  return not_found();
}
