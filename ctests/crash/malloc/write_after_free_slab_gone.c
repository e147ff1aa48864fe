/* A write to a freed object whose slab's memory went back to the system, and then became a slab's again; in a hardened
 * heap it can't be touched meanwhile. */
#include "../support/misuse.h"

int main(void) {
  enum { COUNT = 1000, SIZE = 1000 };
  char *objects[COUNT], *object;
  for (size_t i = 0; i < COUNT; i++) objects[i] = opaque(malloc(SIZE));
  object = opaque(objects[COUNT / 2]);
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
  malloc_trim(0);
  object[100] = 1;
  if (allocate_again(object, SIZE, malloc) == NULL) return 2;
  return not_found();
}
