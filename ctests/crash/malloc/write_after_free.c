/* A write to a freed object: it goes to nobody, or to the next owner, and nothing of the allocator's. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  free(object);
  memset(opaque(object), 0xFF, SMALL);
  answer_text("not found");
  return works_on();
}
