/* A write of 1 byte behind an object that another thread frees. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_overflow(object);
  object[malloc_usable_size(object)] ^= 1;
  in_thread(free_in_thread, opaque(object));
  return not_found();
}
