/* A write of a page behind an object: over 50 neighbours and more, and nothing of the allocator's. */
#include "../support/misuse.h"

int main(void) {
  char *objects[200], *lowest = NULL;
  for (size_t i = 0; i < 200; i++) {
    objects[i] = opaque(malloc(SMALL));
    if (lowest == NULL || objects[i] < lowest) lowest = objects[i];
  }
  /* The first to be freed of those whose canaries are hit. */
  size_t first = 0;
  while (objects[first] >= lowest + 4096) first++;
  expect_overflow(objects[first]);
  memset(lowest + SMALL, 0xFF, 4096);
  for (size_t i = 0; i < 200; i++) free(objects[i]);
  return not_found();
}
