/* A write of a page behind a large object: to its neighbour, or to a guard page. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  enum { COUNT = 8, PAGE = 65536 };
  char *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) objects[i] = opaque(malloc(LARGE));
  for (size_t i = 0; i < COUNT; i++) {
    char *end = objects[i] + malloc_usable_size(objects[i]);
    bool has_neighbour = is_hardened();
    for (size_t j = 0; j < COUNT && !has_neighbour; j++) has_neighbour = objects[j] >= end && objects[j] < end + PAGE;
    if (!has_neighbour) continue;
    memset(opaque(end), 'x', PAGE);
    return not_found();
  }
  return 2;
}
