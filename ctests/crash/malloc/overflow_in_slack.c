/* A write behind what was asked for, but within the slot: harmless. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(100);
  memset(object, 'x', malloc_usable_size(object));
  free(object);
  return not_found();
}
