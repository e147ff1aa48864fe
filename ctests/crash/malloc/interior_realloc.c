/* A pointer into an object, given to realloc. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_interior(object + 16, object);
  return realloc(opaque(object + 16), 200) == NULL;
}
