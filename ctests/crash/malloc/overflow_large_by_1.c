/* A write of 1 byte behind a large object, where its last page of 64 KiB goes on: in a hardened heap it can't be
 * touched. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  char *object = make_object(LARGE);
  object[malloc_usable_size(object)] ^= 1;
  free(opaque(object));
  return not_found();
}
