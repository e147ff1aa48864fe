/* A read of a new object gives what its former owner left, or 0. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "0" : "what was in it");
  char *object = make_object(SMALL);
  memset(object, 's', SMALL);
  free(object);
  char *next = allocate_again(object, SMALL, malloc);
  if (next == NULL || next[0] != next[SMALL - 1]) return 2;
  answer_text(next[0] == 's' ? "what was in it" : next[0] == 0 ? "0" : "something else");
  return works_on();
}
