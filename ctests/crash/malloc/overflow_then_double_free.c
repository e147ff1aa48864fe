/* A slab all of whose bytes were overwritten: a double free in it is found all the same, and before it the writing in a
 * hardened heap. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL), *slab = (char *)((uintptr_t)object & ~(uintptr_t)65535);
  if (is_hardened()) expect_overflow(object);
  else expect_double_free(object);
  memset(opaque(slab), 0xFF, 65536);
  free(object);
  memset(opaque(slab), 0, 65536);
  free(opaque(object));
  return 0;
}
