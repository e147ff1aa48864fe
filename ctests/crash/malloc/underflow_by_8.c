/* A write of 8 bytes before an object. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  memset(opaque(object - 8), 'x', 8);
  answer_text("not found");
  return works_on();
}
