/* A pointer into the old place of an object that realloc has made larger, kept by a careless caller. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL), *field = object + 16;
  char *moved = opaque(realloc(object, MEDIUM));
  if (moved == NULL || moved == object) return 2;
  printf("slabmalloc: free of %p, which points into an object (size class %zu)\n", (void *)field, SMALL);
  fflush(stdout);
  free(opaque(field));
  return 0;
}
