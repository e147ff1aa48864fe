/* A pointer into an object, freed by another thread. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_interior(object + 16, object);
  in_thread(free_in_thread, opaque(object + 16));
  return 0;
}
