/* A write of 8 bytes before the first object of a slab: to the last one of another slab; in a hardened heap a guard
 * page is there. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  enum { COUNT = 8000, PAGE = 65536 };
  static char *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) objects[i] = opaque(malloc(SMALL));
  for (size_t i = 0; i < COUNT; i++) {
    if ((uintptr_t)objects[i] % PAGE != 0) continue;
    bool has_neighbour = is_hardened();
    for (size_t j = 0; j < COUNT && !has_neighbour; j++) has_neighbour = objects[j] + SMALL == objects[i];
    if (!has_neighbour) continue;
    memset(opaque(objects[i] - 8), 'x', 8);
    return not_found();
  }
  return 2;
}
