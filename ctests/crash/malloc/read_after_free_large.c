/* A read of a freed large object gives what was in it; in a hardened heap it can't be touched. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "what was in it");
  char *object = make_object(LARGE);
  memset(object, 's', LARGE);
  free(object);
  char found = ((volatile char *)opaque(object))[LARGE / 2];
  answer_text(found == 's' ? "what was in it" : "something else");
  return works_on();
}
