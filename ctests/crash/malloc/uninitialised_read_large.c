/* A read of a new large object gives what its former owner left; in a hardened heap it reads as 0. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "0" : "what was in it");
  char *object = make_object(LARGE);
  memset(object, 's', LARGE);
  free(object);
  size_t found = 0;
  for (size_t i = 0; i < 40; i++) {
    char *next = opaque(malloc(LARGE)); /* of 40, some come out of quarantine */
    if (next == NULL) abort();
    for (size_t j = 0; j < LARGE; j++) found += next[j] == 's';
  }
  answer_text(found != 0 ? "what was in it" : "0");
  return works_on();
}
