/* A read of a new object gives what its former owner left. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  memset(object, 's', SMALL);
  free(object);
  char *next = opaque(malloc(SMALL));
  if (next != object || next[0] != 's' || next[SMALL - 1] != 's') return 2;
  answer_text("not found");
  return works_on();
}
