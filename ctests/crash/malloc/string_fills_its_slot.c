/* A string without an end that fills its slot: who prints it sees nothing of the canary. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  size_t usable = malloc_usable_size(object);
  memset(object, 'x', usable);
  if (is_hardened() && strlen(opaque(object)) != usable) return 3;
  free(object);
  return not_found();
}
