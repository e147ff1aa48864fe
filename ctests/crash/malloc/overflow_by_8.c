/* A write of 8 bytes behind an object: of the neighbour's memory, none of the allocator's. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL), *next = opaque(object + SMALL);
  memset(next, 'x', 8);
  answer_text("not found");
  return works_on();
}
