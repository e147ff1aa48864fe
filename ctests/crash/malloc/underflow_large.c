/* A write of 8 bytes before a large object: to the end of another one; in a hardened heap a guard page is there. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  enum { COUNT = 8, SIZE = 1 << 20 };
  char *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) objects[i] = opaque(malloc(SIZE));
  for (size_t i = 0; i < COUNT; i++) {
    bool has_neighbour = is_hardened();
    for (size_t j = 0; j < COUNT && !has_neighbour; j++) has_neighbour = objects[j] + SIZE == objects[i];
    if (!has_neighbour) continue;
    memset(opaque(objects[i] - 8), 'x', 8);
    return not_found();
  }
  return 2;
}
