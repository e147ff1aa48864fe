/* A write to a freed object that calloc would hand out next: what it hands out reads as 0. */
#include "../support/misuse.h"

static void *clear(size_t size) { return calloc(1, size); }

int main(void) {
  char *object = make_object(SMALL);
  expect_write_after_free(object);
  free(object);
  memset(opaque(object), 0xFF, SMALL);
  char *next = allocate_again(object, SMALL, clear);
  if (next == NULL || next[0] != 0 || next[SMALL - 1] != 0) return 2;
  return not_found();
}
