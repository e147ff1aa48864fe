/* A write of 1 byte behind a large object that fills its pages: to its neighbour, or to a guard page. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  enum { COUNT = 8, SIZE = 15 * 65536 };
  char *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) objects[i] = opaque(malloc(SIZE));
  for (size_t i = 0; i < COUNT; i++) {
    char *end = objects[i] + SIZE;
    bool has_neighbour = is_hardened();
    for (size_t j = 0; j < COUNT && !has_neighbour; j++) has_neighbour = objects[j] == end;
    if (!has_neighbour) continue;
    *(char *)opaque(end) = 'x';
    return not_found();
  }
  return 2;
}
