/* A second free after the slab became one of another class, where an object starts at the same address. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *objects[1024], *first = NULL;
  for (size_t i = 0; i < 1024; i++) objects[i] = opaque(malloc(2048));
  for (size_t i = 0; i < 1024; i++) free(objects[i]);
  malloc_trim(0); /* ends a quarantine */
  /* Slots of 16 KiB start where some of 2 KiB did. */
  for (size_t i = 0; i < 512 && first == NULL; i++) {
    char *next = opaque(malloc(16384));
    for (size_t j = 0; j < 1024; j++)
      if (objects[j] == next) first = next;
  }
  if (first == NULL) return 2;
  free(opaque(first));
  return not_found();
}
