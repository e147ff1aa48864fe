/* A read of a freed object gives what was in it. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  free(object);
  object = opaque(object);
  if (object[0] != 5 || object[SMALL - 1] != 5) return 2;
  answer_text("not found");
  return works_on();
}
