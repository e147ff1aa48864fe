/* The next object of a size is the one freed last: an attacker can predict that. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *one = make_object(SMALL), *other = make_object(SMALL);
  free(one);
  free(other);
  if (opaque(malloc(SMALL)) != other || opaque(malloc(SMALL)) != one) return 2;
  answer_text("not found");
  return works_on();
}
