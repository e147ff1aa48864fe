/* A double free by an exit handler. */
#include "../support/misuse.h"

static char *object;

static void free_again(void) { free(opaque(object)); }

int main(void) {
  object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  return atexit(free_again);
}
