/* A write of 1 byte behind an object: it goes to the neighbour, or to nobody. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  object[SMALL] = 'x';
  answer_text("not found");
  return works_on();
}
