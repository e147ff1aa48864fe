/* A read of a freed object gives what was in it, or 0. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "0" : "what was in it");
  char *object = make_object(SMALL);
  free(object);
  object = opaque(object);
  if (object[0] != object[SMALL - 1]) return 2;
  answer_text(object[0] == 5 ? "what was in it" : object[0] == 0 ? "0" : "something else");
  return works_on();
}
