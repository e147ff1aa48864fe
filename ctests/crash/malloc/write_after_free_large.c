/* A write to a freed large object: its memory is still there, and the next owner finds it; in a hardened heap it can't
 * be touched. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  char *object = make_object(LARGE);
  free(object);
  memset(opaque(object), 0xFF, LARGE);
  return not_found();
}
