/* Whether the next object of a size is the one freed last, which an attacker can predict. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "others" : "the last ones");
  static char *freed[2000];
  size_t last = 0;
  for (size_t i = 0; i < 2000; i++) freed[i] = opaque(malloc(SMALL));
  for (size_t i = 0; i < 2000; i++) free(freed[i]);
  for (size_t i = 0; i < 100; i++) {
    char *one = opaque(malloc(SMALL)), *other = opaque(malloc(SMALL));
    free(one);
    free(other);
    char *next = opaque(malloc(SMALL));
    last += next == other;
    free(opaque(malloc(SMALL)));
    free(next);
  }
  /* In a hardened heap one of hundreds of slots is let go, and one of those that are available taken. */
  answer_text(last == 100 ? "the last ones" : last < 20 ? "others" : "some of the last ones");
  return works_on();
}
