/* A second free after the slab became one of another class, into the middle of a new object. */
#include "../support/misuse.h"

int main(void) {
  char *objects[1024], *next = NULL, *old = NULL;
  for (size_t i = 0; i < 1024; i++) objects[i] = opaque(malloc(2048));
  for (size_t i = 0; i < 1024; i++) free(objects[i]);
  malloc_trim(0); /* ends a quarantine */
  for (size_t i = 0; i < 512 && old == NULL; i++) {
    next = opaque(malloc(16384));
    for (size_t j = 0; j < 1024; j++)
      if (objects[j] > next && objects[j] < next + 16384) old = objects[j];
  }
  if (old == NULL) return 2;
  expect_interior(old, next);
  free(opaque(old));
  return 0;
}
