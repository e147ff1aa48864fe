/* A write of a page behind an object: over 64 neighbours, and nothing of the allocator's. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *objects[200], *lowest = NULL;
  for (size_t i = 0; i < 200; i++) {
    objects[i] = opaque(malloc(SMALL));
    if (lowest == NULL || objects[i] < lowest) lowest = objects[i];
  }
  memset(lowest + SMALL, 0xFF, 4096);
  for (size_t i = 0; i < 200; i++) free(objects[i]);
  answer_text("not found");
  return works_on();
}
