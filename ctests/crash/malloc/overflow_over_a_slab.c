/* A write over the end of a slab: to the next one, or to a guard page. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  enum { COUNT = 8192, SLAB = 65536 };
  static char *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) objects[i] = opaque(malloc(SMALL));
  for (size_t i = 0; i < COUNT; i++) {
    char *end = (char *)((uintptr_t)objects[i] | (SLAB - 1)) + 1;
    bool has_neighbour = is_hardened();
    for (size_t j = 0; j < COUNT && !has_neighbour; j++) has_neighbour = objects[j] == end;
    if (!has_neighbour) continue;
    memset(opaque(end - SMALL), 'x', 2 * SMALL);
    return not_found();
  }
  return 2;
}
