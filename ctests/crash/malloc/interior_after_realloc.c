/* A pointer into the old place of an object that realloc has made larger, kept by a careless caller. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL), *field = object + 16;
  expect_interior(field, object);
  char *moved = opaque(realloc(object, MEDIUM));
  if (moved == NULL || moved == object) return 2;
  free(opaque(field));
  return 0;
}
